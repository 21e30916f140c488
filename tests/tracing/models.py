"""Small models of every sort, with their inputs and the multiply–accumulates worked out by hand."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class Model(NamedTuple):
    module: nn.Module
    inputs: tuple[torch.Tensor, ...]
    macs: int


class Calls(nn.Module):
    """A function as a module, with the submodules or parameters it uses."""

    def __init__(self, function, **held: Any) -> None:
        super().__init__()
        self.function = function
        for name, value in held.items():
            setattr(self, name, value)

    def forward(self, *inputs):
        return self.function(self, *inputs)


def attention(module, query):
    return module.attention(query, query, query, need_weights=True)[0]


REFERENCE = {
    "Conv1d": lambda: Model(nn.Conv1d(8, 16, 3, padding=1), (torch.randn(2, 8, 50),), 38400),
    "grouped Conv1d": lambda: Model(nn.Conv1d(8, 16, 3, padding=1, groups=4), (torch.randn(2, 8, 50),), 9600),
    "depthwise Conv1d": lambda: Model(
        nn.Conv1d(8, 8, 5, padding=2, groups=8), (torch.randn(2, 8, 50),), 4000
    ),
    "strided, dilated Conv1d": lambda: Model(
        nn.Conv1d(8, 16, 3, stride=2, dilation=2), (torch.randn(2, 8, 50),), 17664
    ),
    "ConvTranspose1d": lambda: Model(
        nn.ConvTranspose1d(8, 16, 4, stride=2, padding=1, output_padding=1), (torch.randn(2, 8, 50),), 51200
    ),
    "grouped ConvTranspose1d": lambda: Model(
        nn.ConvTranspose1d(8, 16, 4, stride=2, padding=1, output_padding=1, groups=4),
        (torch.randn(2, 8, 50),),
        12800,
    ),
    "Linear": lambda: Model(nn.Linear(32, 64), (torch.randn(2, 10, 32),), 40960),
    "Bilinear": lambda: Model(nn.Bilinear(8, 6, 5), (torch.randn(4, 8), torch.randn(4, 6)), 1080),
    "LSTM": lambda: Model(nn.LSTM(16, 32, batch_first=True), (torch.randn(2, 10, 16),), 122880),
    "MultiheadAttention": lambda: Model(
        Calls(attention, attention=nn.MultiheadAttention(32, 4, batch_first=True)),
        (torch.randn(2, 10, 32),),
        94720,
    ),
    "scaled_dot_product_attention": lambda: Model(
        Calls(lambda _, query, key, value: F.scaled_dot_product_attention(query, key, value)),
        (torch.randn(2, 4, 10, 8), torch.randn(2, 4, 12, 8), torch.randn(2, 4, 12, 8)),
        15360,
    ),
    "einsum": lambda: Model(
        Calls(lambda _, query, key: torch.einsum("bhqd,bhkd->bhqk", query, key)),
        (torch.randn(2, 4, 10, 8), torch.randn(2, 4, 12, 8)),
        7680,
    ),
    "matrix product": lambda: Model(
        Calls(lambda module, x: x @ module.weight, weight=nn.Parameter(torch.randn(32, 64))),
        (torch.randn(2, 10, 32),),
        40960,
    ),
    "Embedding": lambda: Model(nn.Embedding(100, 32), (torch.randint(100, (2, 10)),), 0),
    "Linear called twice": lambda: Model(
        Calls(lambda module, x: module.linear(module.linear(x)), linear=nn.Linear(32, 32)),
        (torch.randn(4, 32),),
        8192,
    ),
}
"""Fifteen modules that counters disagree about; the counts were derived by hand."""
