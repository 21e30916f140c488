"""Dropout in training, as torch computes it: a mask is drawn, scaled, and applied. Nothing in evaluation.

Drawing is no arithmetic. So dropout of elements costs 2 for each: the scaling and the product. Dropout of
features does all but the product with the mask once for each channel. Whether torch runs one function,
a fused kernel or the operators that a script is made of, these numbers are the same.
"""

from __future__ import annotations

from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Size
from convcost.operators.interface import Operand, Operator, each_element, same, size

MASK, SCALE = 1, 1
"""For each element: the product with the mask, and with 1 / (1 − p)."""

ALPHA_MASK, ALPHA_NOISE = 2, 4
"""x · mask + b for each element; mask and b, of a product, two sums and a product, for each one drawn.
Source: Klambauer et al., Self-Normalizing Neural Networks; ATen's Dropout.cpp."""


def _drops(input: Operand, p: float, applied: int, drawn: int, of_channels: bool) -> Cost:
    """`applied` for each element and `drawn` for each number drawn."""
    if not p:
        return Cost()
    if p == 1:
        return Cost(elementwise=size(input))
    draws: Size = arithmetic.elements(input.shape[:2]) if of_channels else size(input)
    return Cost(elementwise=applied * size(input) + drawn * draws)


def _function(applied: int, drawn: int, of_channels: bool) -> Operator:
    def cost(input: Operand, p: float, train: bool, **_: Any) -> Cost:
        return _drops(input, p, applied, drawn, of_channels) if train else Cost()

    return Operator(cost, same, is_same=True)


def native(input: Operand, p: float, train: bool | None = True, **_: Any) -> Cost:
    """A fused kernel that returns its mask too; ATen takes None for True."""
    return _drops(input, p, MASK, SCALE, False) if train is not False else Cost()


OPERATORS = {
    "dropout": _function(MASK, SCALE, False),
    "feature_dropout": _function(MASK, SCALE, True),
    "alpha_dropout": _function(ALPHA_MASK, ALPHA_NOISE, False),
    "feature_alpha_dropout": _function(ALPHA_MASK, ALPHA_NOISE, True),
    "native_dropout": Operator(native),
    "_fused_dropout": each_element(MASK + SCALE),
    **dict.fromkeys(("native_dropout_backward", "_masked_scale"), each_element(MASK + SCALE)),
}
