"""Losses, for models that compute theirs: operations for each element, and one more where they are summed up.

The rules are the formulas in torch's documentation of each loss; where these have two branches, the longer.
"""

from __future__ import annotations

from typing import Any

from convcost.operators.interface import Operand, Operator, each_input_element, size
from convcost.quantities import Cost

NOT_REDUCED = 0
"""ATen's number for reduction='none'."""

OPERATIONS = {
    "mse_loss": 2,  # (x − t)²
    "smooth_l1_loss": 3,  # (x − t)²·(½ / β), or |x − t| − ½·β: these are one number
    "huber_loss": 4,  # δ·(|x − t| − ½·δ): ½·δ is one number
    "soft_margin_loss": 5,  # log(1 + exp(−t·x))
    "binary_cross_entropy": 8,  # −(t·log x + (1 − t)·log(1 − x))
    "binary_cross_entropy_with_logits": 9,  # max(x, 0) − t·x + log(1 + exp(−|x|))
}

MULTI_MARGIN = 4
"""Σ max(0, margin − x_t + x) for each sample, which is summed up in any case."""


def _by_element(operations: int) -> Operator:
    def cost(self: Operand, weight: Operand | None = None, reduction: int = 1, **_: Any) -> Cost:
        return Cost(elementwise=(operations + _further(weight, reduction)) * size(self))

    return Operator(cost)


def negative_log_likelihood(
    target: Operand, weight: Operand | None = None, reduction: int = 1, **_: Any
) -> Cost:
    """What stands at each target is looked up and negated."""
    return Cost(elementwise=(1 + _further(weight, reduction)) * size(target))


def _further(weight: Operand | None, reduction: int) -> int:
    return (weight is not None) + (reduction != NOT_REDUCED)


OPERATORS = {
    **{name: _by_element(operations) for name, operations in OPERATIONS.items()},
    "multi_margin_loss": each_input_element(MULTI_MARGIN),
    **dict.fromkeys(("nll_loss_forward", "nll_loss2d_forward"), Operator(negative_log_likelihood)),
}
