"""A temporal convolutional network: causal convolutions whose dilation doubles, and what reach costs."""

import torch
import torch.nn.functional as F
from torch import nn

import convcost


class Block(nn.Module):
    """[batch, channels, length] → the same, each position seeing `dilation` further back."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.reach = 2 * dilation
        self.convolution = nn.Conv1d(channels, channels, 3, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        past = F.pad(x, (self.reach, 0))
        return x + self.mix(F.relu(self.convolution(past)))


def tcn(channels: int = 64, levels: int = 6) -> nn.Module:
    """A block for each dilation 1, 2, 4, …: the reach doubles, the cost of a block stays."""
    return nn.Sequential(*(Block(channels, 2**level) for level in range(levels)))


if __name__ == "__main__":
    sequence = torch.empty(1, 64, 1000, device="meta")
    for levels in (3, 6):
        report = convcost.profile(tcn(levels=levels), sequence)
        reach = 1 + 2 * (2**levels - 1)
        print(f"{levels} levels see {reach} positions for {report.macs // 1000:,} MACs at each of 1,000")
    print(report)
