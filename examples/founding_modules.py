"""The founding pair as modules: one dense layer on ten positions merged, or two convolutions over them."""

import torch
from torch import nn

import convcost

EMBEDDING, POSITIONS = 128, 10


class Dense(nn.Module):
    """[batch, positions, embedding] → [batch, embedding]."""

    def __init__(self) -> None:
        super().__init__()
        self.merged = nn.Linear(POSITIONS * EMBEDDING, EMBEDDING)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.merged(x.flatten(1))


class Convolutions(nn.Module):
    """[batch, positions, embedding] → [batch, positions, embedding]."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(EMBEDDING, EMBEDDING, 3, padding=1)
        self.second = nn.Conv1d(EMBEDDING, EMBEDDING, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x.transpose(1, 2))).transpose(1, 2)


if __name__ == "__main__":
    x = torch.empty(1, POSITIONS, EMBEDDING)
    dense, convolutions = convcost.profile(Dense(), x), convcost.profile(Convolutions(), x)
    print(convolutions)
    print(f"The convolutions cost {convolutions.flops / dense.flops:.2f}× the FLOPs of the dense layer.")
