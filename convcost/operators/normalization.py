"""Normalization, counted as in the layers of the same name, and dropout during training."""

from __future__ import annotations

from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.normalization import COMPUTE_STATISTICS, SCALE_BY_STATISTICS
from convcost.operators.interface import Operand, Operator, each_element, same_shape, size

MEAN_SQUARE_AND_SCALE = 3
"""Per element of RMSNorm: a square, a sum, a product."""


def mean_variance_norm(
    input: Operand,
    weight: Operand | None = None,
    bias: Operand | None = None,
    running_mean: Operand | None = None,
    training: bool = False,
    use_input_stats: bool = False,
    **_: Any,
) -> Cost:
    """Per element 2, and 1 each for weight and bias; 3 more if the statistics are the input's own.

    They are in training mode (`use_input_stats` in instance norm), and where there are no running ones.
    """
    is_of_input = running_mean is None or training or use_input_stats
    statistics = COMPUTE_STATISTICS if is_of_input else 0
    return _per_element(input, statistics + SCALE_BY_STATISTICS, weight, bias)


def batch_norm_with_update(**arguments: Any) -> Cost:
    """The same in training mode, which has no argument of its own."""
    return mean_variance_norm(**{**arguments, "training": True})


def rms_norm(input: Operand, weight: Operand | None = None, **_: Any) -> Cost:
    """Per element 3, and 1 for a weight."""
    return _per_element(input, MEAN_SQUARE_AND_SCALE, weight)


def local_response_norm(input: Operand, size: int, **_: Any) -> Cost:
    """The same as layer LocalResponseNorm."""
    return _per_element(input, size + 5)


def _per_element(input: Operand, operations: int, *affine: Operand | None) -> Cost:
    parameters = sum(parameter is not None for parameter in affine)
    return Cost(elementwise=(operations + parameters) * size(input))


def batch_norm_output(
    input: Operand, weight: Operand | None = None, running_mean: Operand | None = None, **_: Any
) -> Shape | None:
    """The input's shape, if its channels match the parameters and statistics."""
    per_channel = (tensor.shape for tensor in (weight, running_mean) if tensor is not None)
    fits = len(input.shape) > 1 and all(tuple(shape) == (input.shape[1],) for shape in per_channel)
    return input.shape if fits else None


def layer_norm_output(input: Operand, normalized_shape: Any, **_: Any) -> Shape | None:
    """The input's shape, if it ends in `normalized_shape`."""
    fits = tuple(input.shape[len(input.shape) - len(normalized_shape) :]) == tuple(normalized_shape)
    return input.shape if fits else None


FUSED_KERNELS = (
    *("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training"),
    *("_batch_norm_no_update", "cudnn_batch_norm", "miopen_batch_norm", "native_layer_norm"),
    "native_group_norm",
)


MASK, SCALE = 1, 1
"""Dropout: a product with the mask, and with 1 / (1 − p). Generating the mask is not counted."""

ALPHA_MASK, ALPHA_NOISE = 2, 4
"""Per element: x · mask + b. Per random number: mask and b, two products and two sums.
Source: Klambauer et al., Self-Normalizing Neural Networks; ATen's Dropout.cpp."""


def dropout_operations(p: float) -> int:
    """Per element of plain dropout: nothing without it, and only zeros if all elements are dropped."""
    if not p:
        return 0
    return 1 if p == 1 else MASK + SCALE


def _dropout_cost(input: Operand, p: float, per_element: int, per_draw: int, of_channels: bool) -> Cost:
    """`per_element` operations per element, and `per_draw` per random number: one per element or channel.

    The count does not depend on whether torch runs one function, a fused kernel or single operators.
    """
    if not p:
        return Cost()
    if p == 1:
        return Cost(elementwise=size(input))
    draws: Size = arithmetic.elements(input.shape[:2]) if of_channels else size(input)
    return Cost(elementwise=per_element * size(input) + per_draw * draws)


def _dropout(per_element: int, per_draw: int, of_channels: bool) -> Operator:
    def cost(input: Operand, p: float, train: bool, **_: Any) -> Cost:
        return _dropout_cost(input, p, per_element, per_draw, of_channels) if train else Cost()

    unit = "channel" if of_channels else "element"
    cost.__doc__ = f"During training, {per_element} per element and {per_draw} per {unit}; else nothing."
    return Operator(cost, same_shape, is_like_input=True)


def native_dropout(input: Operand, p: float, train: bool | None = True, **_: Any) -> Cost:
    """The same as dropout, in a kernel that also returns the mask. `train` None means True, as in ATen."""
    return _dropout_cost(input, p, MASK, SCALE, False) if train is not False else Cost()


OPERATORS = {
    **dict.fromkeys(
        ("batch_norm", "instance_norm"), Operator(mean_variance_norm, batch_norm_output, is_like_input=True)
    ),
    "layer_norm": Operator(mean_variance_norm, layer_norm_output, is_like_input=True),
    "rms_norm": Operator(rms_norm, layer_norm_output, is_like_input=True),
    "group_norm": Operator(mean_variance_norm),
    "local_response_norm": Operator(local_response_norm),
    **dict.fromkeys(FUSED_KERNELS, Operator(mean_variance_norm)),
    "_batch_norm_with_update": Operator(batch_norm_with_update),
    "_fused_rms_norm": Operator(rms_norm),
    "dropout": _dropout(MASK, SCALE, False),
    "feature_dropout": _dropout(MASK, SCALE, True),
    "alpha_dropout": _dropout(ALPHA_MASK, ALPHA_NOISE, False),
    "feature_alpha_dropout": _dropout(ALPHA_MASK, ALPHA_NOISE, True),
    "native_dropout": Operator(native_dropout),
    "_fused_dropout": each_element(MASK + SCALE),
    **dict.fromkeys(("native_dropout_backward", "_masked_scale"), each_element(MASK + SCALE)),
}
