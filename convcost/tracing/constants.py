"""Which tensors keep their data in a run on shapes, as a model may decide by it what to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SMALL = 2**16
"""The most elements of a tensor that keeps its data."""

SMALL_INTEGERS = 2**20
"""The same for integers and booleans, by which models decide above all: indices, positions, masks."""


def is_small(tensor: torch.Tensor) -> bool:
    """Whether it keeps its data, if it is on the CPU."""
    return tensor.numel() <= most_elements(tensor.dtype)


def most_elements(dtype: torch.dtype) -> int:
    """The most elements that keep their data."""
    return SMALL_INTEGERS if is_integral(dtype) else SMALL


def is_integral(dtype: torch.dtype) -> bool:
    """Whether it is of integers or booleans."""
    return not (dtype.is_floating_point or dtype.is_complex)
