"""A small ResNet for 32 × 32 images, in training: forward, input gradients, weight gradients."""

import torch
import torch.nn.functional as F
from torch import nn

import convcost


class Residual(nn.Module):
    """Two convolutions and a shortcut: [batch, inputs, h, w] → [batch, outputs, h / stride, w / stride]."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        is_same = (inputs, stride) == (outputs, 1)
        self.shortcut = nn.Identity() if is_same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = F.relu(self.first_norm(self.first(x)))
        return F.relu(self.second_norm(self.second(inner)) + self.shortcut(x))


def resnet20(classes: int = 10) -> nn.Module:
    """ResNet-20 of He et al. 2015: three stages of three blocks, 16 to 64 channels."""
    widths = [(16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 32, 1)]
    widths += [(32, 64, 2), (64, 64, 1), (64, 64, 1)]
    stem = (nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))
    return nn.Sequential(*stem, *(Residual(*width) for width in widths), *head)


if __name__ == "__main__":
    images = torch.empty(128, 3, 32, 32, device="meta")
    print(convcost.Profiler(backward=True).profile(resnet20(), images))
