"""LoRA fine-tuning: what a frozen layer with two thin trained matrices saves in a training step."""

import torch
from torch import nn

import convcost


class LowRank(nn.Module):
    """A frozen layer plus a trained product of two thin ones: [*, width] → [*, width]."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.frozen = nn.Linear(width, width).requires_grad_(False)
        self.down = nn.Linear(width, rank, bias=False)
        self.up = nn.Linear(rank, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.frozen(x) + self.up(self.down(x))


def stack(layer: type[nn.Module], *arguments: int) -> nn.Module:
    """Four layers, with ReLU between them."""
    return nn.Sequential(*(part for _ in range(4) for part in (layer(*arguments), nn.ReLU())))


if __name__ == "__main__":
    x = torch.empty(32, 1024, device="meta")
    profiler = convcost.Profiler(backward=True)
    for name, model in (("full", stack(nn.Linear, 1024, 1024)), ("LoRA", stack(LowRank, 1024, 8))):
        trace = profiler.profile(model, x).trace
        phases = {
            "forward": "forward",
            "input gradient": "gradient by input",
            "weight gradient": "gradient by weight",
        }
        costs = ", ".join(f"{label} {trace.total(phase).macs / 1e6:.1f}" for label, phase in phases.items())
        print(f"{name}: {costs} (millions of MACs)")
