"""ResNet-50 and ViT-B/16 as in their papers: 4,089 and 17,564 million multiply–accumulates."""

from __future__ import annotations

import torch
from torch import nn

WIDTHS = (64, 128, 256, 512)
DEPTHS = (3, 4, 6, 3)


def normalised(inputs: int, outputs: int, kernel_size: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel_size, stride, kernel_size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.reduce = normalised(inputs, width, 1)
        self.spread = normalised(width, width, 3, stride)
        self.expand = normalised(width, 4 * width, 1)
        is_same = inputs == 4 * width
        self.shortcut = nn.Identity() if is_same else normalised(inputs, 4 * width, 1, stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.relu(self.spread(self.relu(self.reduce(x))))
        return self.relu(self.expand(inner) + self.shortcut(x))


def resnet50() -> nn.Module:
    blocks: list[nn.Module] = []
    channels = 64
    for width, depth in zip(WIDTHS, DEPTHS, strict=True):
        for place in range(depth):
            stride = 2 if place == 0 and width > WIDTHS[0] else 1
            blocks.append(Bottleneck(channels, width, stride))
            channels = 4 * width
    stem = (normalised(3, 64, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))
    return nn.Sequential(*stem, *blocks, *head)


class EncoderBlock(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.before_attention, self.before_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normal = self.before_attention(x)
        x = x + self.attention(normal, normal, normal, need_weights=False)[0]
        return x + self.mlp(self.before_mlp(x))


class ViT(nn.Module):
    def __init__(self, width: int = 768, heads: int = 12, depth: int = 12, patch: int = 16) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, (224 // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*(EncoderBlock(width, heads, 4 * width) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 1000)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(image).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(image), -1, -1), tokens], dim=1)
        return self.head(self.norm(self.blocks(tokens + self.positions))[:, 0])
