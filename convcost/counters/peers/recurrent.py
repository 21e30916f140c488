"""What counters of recurrent layers have beside the products, in the terms of the layers' equations."""

from __future__ import annotations

from typing import Any

HADAMARD = {"RNN": 1, "GRU": 7, "LSTM": 10}
"""Sums and products of each element of the hidden state at a step, as ptflops,
calflops and DeepSpeed count."""

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def steps(module: Any, given: Any) -> int:
    """How often a counter takes a cell to run: samples × positions × directions; a cell once a sample."""
    if is_cell(module):
        return int(given.shape[0])
    return int(given.shape[0] * given.shape[1]) * (2 if module.bidirectional else 1)


def is_cell(module: Any) -> bool:
    """Whether it is one step of a layer."""
    return type(module).__name__.endswith("Cell")


def layers(module: Any) -> int:
    """Layers one after the other."""
    return 1 if is_cell(module) else int(module.num_layers)


def hadamard(module: Any) -> int:
    """The elementwise operations of all layers at a step."""
    kind = type(module).__name__.removesuffix("Cell")
    return HADAMARD[kind] * int(module.hidden_size) * layers(module)


def dot_products(module: Any) -> int:
    """The rows of all weights at a step: each is a sum of products, and may have a bias."""
    kind = type(module).__name__.removesuffix("Cell")
    return 2 * GATES[kind] * int(module.hidden_size) * layers(module)
