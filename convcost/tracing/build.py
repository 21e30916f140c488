"""The torch module that a network describes, made from the same fields as its formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from convcost.layers.dense import Bilinear
from convcost.layers.interface import Layer
from convcost.layers.network import Network

INDICES_ITEMSIZE = 8


def build(network: Network, device: str) -> tuple[torch.nn.Sequential, torch.Tensor]:
    """The layers as a Sequential in eval mode, and an input of zeros, both on `device`.

    Torch's random state and default device are as before.
    """
    with _undisturbed(device):
        module = torch.nn.Sequential(*map(_module, network.layers)).eval()
        is_indices = network.layers[0].input_itemsize == INDICES_ITEMSIZE
        dtype = torch.int64 if is_indices else torch.get_default_dtype()
        return module, torch.zeros(network.input, dtype=dtype)


@contextmanager
def _undisturbed(device: str) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]), torch.device(device):
        yield


def _module(layer: Layer) -> torch.nn.Module:
    module: torch.nn.Module = getattr(torch.nn, type(layer).__name__)(**layer.arguments())
    return _of_joined_inputs(module, layer) if isinstance(layer, Bilinear) else module


def _of_joined_inputs(module: torch.nn.Module, layer: Bilinear) -> torch.nn.Module:
    """`module` on its two inputs joined along the last dimension, as specs write them."""

    class Joined(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bilinear = module

        def forward(self, joined: torch.Tensor) -> torch.Tensor:
            first, second = torch.split(joined, [layer.in1_features, layer.in2_features], dim=-1)
            output: torch.Tensor = self.bilinear(first, second)
            return output

    return Joined()
