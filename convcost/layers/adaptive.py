"""Means over windows of whatever size makes an output of a given length: adaptive pooling, and `area` modes.

Rule: one operation for each input element, as fvcore counts (`fvcore/nn/jit_handles.py`,
`elementwise_flop_counter(1, 0)`).
"""

from __future__ import annotations

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, SavedTensors


def adaptive_cost(shape: Shape) -> Cost:
    """One operation for each input element."""
    return Cost(elementwise=arithmetic.elements(shape))


def adaptive_mean_saved(lengths: Shape) -> SavedTensors:
    """Nothing where the output is the mean over all positions, whose backward needs no values."""
    return SavedTensors(input=not _is_mean(lengths))


def adaptive_mean_gradient(shape: Shape, lengths: Shape) -> Size:
    """A derivative and its product for each input element; of the mean over all positions a division."""
    operations = 1 if _is_mean(lengths) else DERIVATIVE_AND_PRODUCT
    return operations * arithmetic.elements(shape)


def _is_mean(lengths: Shape) -> bool:
    """Whether each output is the mean over all positions."""
    return all(length == 1 for length in lengths)
