"""Losses: operations per element, and one more for a sum or mean.

The rules are those of the layers of the same names.
"""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost, Size
from convcost.layers import losses
from convcost.layers.operation_counts import SOFTMAX
from convcost.operators.interface import Operand, Operator, each_input_element, size

NOT_REDUCED = 0
"""ATen's number for reduction='none'."""

OPERATIONS = {
    "mse_loss": losses.MSELoss.operations,
    "smooth_l1_loss": losses.SmoothL1Loss.operations,
    "huber_loss": losses.HuberLoss.operations,
    "soft_margin_loss": losses.SoftMarginLoss.operations,
    "binary_cross_entropy": losses.BCELoss.operations,
    "binary_cross_entropy_with_logits": losses.BCEWithLogitsLoss.operations,
}

LOG_SUM_OF_THREE = 12
"""Maximum 2, differences 3, exponentials 3, sums 2, logarithm 1, and 1 to add the probability."""

MULTI_MARGIN = losses.MultiMarginLoss.operations


def _elementwise_loss(operations: int) -> Operator:
    def cost(self: Operand, weight: Operand | None = None, reduction: int = 1, **_: Any) -> Cost:
        return Cost(elementwise=(operations + _extra_operations(weight, reduction)) * size(self))

    cost.__doc__ = f"{operations} per element; one more for a weight, and one for a sum or a mean."
    return Operator(cost)


def nll_loss(target: Operand, weight: Operand | None = None, reduction: int = 1, **_: Any) -> Cost:
    """Per target: a lookup (not counted) and a negation; one more for a weight, one for a sum or a mean."""
    return Cost(elementwise=(1 + _extra_operations(weight, reduction)) * size(target))


def multilabel_margin_loss(self: Operand, **_: Any) -> Cost:
    """The margin of all pairs of class and target: an upper bound, as targets vary in number."""
    return Cost(elementwise=MULTI_MARGIN * size(self) * (self.shape[-1] if self.shape else 1))


def ctc_loss(log_probs: Operand, targets: Operand, **_: Any) -> Cost:
    """2·targets + 1 states at each step of the longest sequence; each is a log of a sum of three (12)."""
    longest = targets.shape[-1] if len(targets.shape) > 1 else size(targets)
    steps = log_probs.shape[0] * (log_probs.shape[1] if len(targets.shape) > 1 else 1)
    return Cost(elementwise=LOG_SUM_OF_THREE * steps * (2 * longest + 1))


def linear_cross_entropy(
    input: Operand,
    linear_weight: Operand,
    linear_bias: Operand | None = None,
    compute_input_grad: bool = False,
    compute_linear_weight_grad: bool = False,
    **_: Any,
) -> Cost:
    """[n, in_features] by [classes, in_features], and the loss of the result.

    The kernel can also compute gradients, each with the MACs of the forward pass.
    """
    elements = logits(input, linear_weight)
    macs = elements * input.shape[-1] * (1 + compute_input_grad + compute_linear_weight_grad)
    sums = 0 if linear_bias is None else elements
    return Cost(macs, macs, sums, SOFTMAX * elements + size(input) // input.shape[-1])


def logits(input: Operand, linear_weight: Operand, **_: Any) -> Size:
    """The number of logits: one per class and sample."""
    return size(input) // input.shape[-1] * linear_weight.shape[0]


def _extra_operations(weight: Operand | None, reduction: int) -> int:
    return (weight is not None) + (reduction != NOT_REDUCED)


OPERATORS = {
    **{name: _elementwise_loss(operations) for name, operations in OPERATIONS.items()},
    "multi_margin_loss": each_input_element(MULTI_MARGIN),
    "multilabel_margin_loss_forward": Operator(multilabel_margin_loss, estimated=True),
    **dict.fromkeys(("_ctc_loss", "_cudnn_ctc_loss"), Operator(ctc_loss, estimated=True)),
    **dict.fromkeys(
        (
            "torch_nn::_linear_cross_entropy_batch_chunked",
            "torch_nn::_linear_cross_entropy_batch_chunked_no_reduction",
        ),
        Operator(linear_cross_entropy, activations=logits),
    ),
    **dict.fromkeys(("nll_loss_forward", "nll_loss2d_forward"), Operator(nll_loss)),
}
