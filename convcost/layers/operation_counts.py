"""Elementwise rules shared by several families of layers: softmax, log-sigmoid, norms, adaptive means.

An adaptive mean divides its input into as many windows as the output has positions. It counts one operation
per input element, as in fvcore (`fvcore/nn/jit_handles.py`, `elementwise_flop_counter(1, 0)`).
"""

from __future__ import annotations

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, SavedTensors

SOFTMAX = 5
"""Per element: a maximum, a difference, an exponential, a sum, and a quotient (log-softmax: a difference)."""

SOFTMAX_GRADIENT = 4
"""y·(dy − Σ dy·y): two products, a sum, a difference."""

LOG_SIGMOID = 5
"""log(1 / (1 + exp(−x)))."""

NORM = 2
"""Per element: a power and a sum."""

DISTANCE = 2 + NORM
"""‖x1 − x2 + eps‖, per element: a difference, a sum, and the norm."""


def norm_gradient(p: float) -> tuple[int, int]:
    """Operations of the gradient of a p-norm: per element, and per norm.

    Source: torch's `norm_backward` (`FunctionsManual.cpp`), with a formula for each range of p.
    """
    if p in (1, 2):
        return 2, 0
    if abs(p) == float("inf"):
        return 4, 1
    if p < 1:
        return 6, 1
    return (5, 2) if p < 2 else (4, 2)


def adaptive_cost(shape: Shape) -> Cost:
    """One operation per input element."""
    return Cost(elementwise=arithmetic.elements(shape))


def adaptive_mean_saved(lengths: Shape) -> SavedTensors:
    """The input, unless the output is the mean over all positions: its gradient needs no values."""
    return SavedTensors(input=not _is_mean(lengths))


def adaptive_mean_gradient(shape: Shape, lengths: Shape) -> Size:
    """A derivative and a product per input element; a single division for the mean over all positions."""
    operations = 1 if _is_mean(lengths) else DERIVATIVE_AND_PRODUCT
    return operations * arithmetic.elements(shape)


def _is_mean(lengths: Shape) -> bool:
    """Whether the output is the mean over all positions."""
    return all(length == 1 for length in lengths)
