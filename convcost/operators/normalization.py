"""Normalisations, by the rules of the layers of the same name: per element, the same in training."""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost, Shape
from convcost.layers.normalization import COMPUTE_STATISTICS, SCALE_BY_STATISTICS
from convcost.operators.interface import Operand, Operator, size

MEAN_SQUARE_AND_SCALE = 3
"""Per element of RMSNorm: a square, a sum, a product."""


def by_statistics(
    input: Operand,
    weight: Operand | None = None,
    bias: Operand | None = None,
    running_mean: Operand | None = None,
    **_: Any,
) -> Cost:
    """Statistics kept from training cost nothing; others are taken of the input."""
    statistics = COMPUTE_STATISTICS if running_mean is None else 0
    return _per_element(input, statistics + SCALE_BY_STATISTICS, weight, bias)


def by_mean_square(input: Operand, weight: Operand | None = None, **_: Any) -> Cost:
    """Root mean square over the last dimensions."""
    return _per_element(input, MEAN_SQUARE_AND_SCALE, weight)


def local_response(input: Operand, size: int, **_: Any) -> Cost:
    """As the layer LocalResponseNorm."""
    return _per_element(input, size + 5)


def _per_element(input: Operand, operations: int, *affine: Operand | None) -> Cost:
    scaled = sum(parameter is not None for parameter in affine)
    return Cost(elementwise=(operations + scaled) * size(input))


def by_channel(
    input: Operand, weight: Operand | None = None, running_mean: Operand | None = None, **_: Any
) -> Shape | None:
    """The input's shape, its second dimension being that of the parameters and statistics."""
    per_channel = (given.shape for given in (weight, running_mean) if given is not None)
    fits = len(input.shape) > 1 and all(tuple(shape) == (input.shape[1],) for shape in per_channel)
    return input.shape if fits else None


def over_last(input: Operand, normalized_shape: Any, **_: Any) -> Shape | None:
    """The input's shape, which ends in `normalized_shape`."""
    ends = tuple(input.shape[len(input.shape) - len(normalized_shape) :]) == tuple(normalized_shape)
    return input.shape if ends else None


FUSED = (
    *("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training"),
    *("_batch_norm_with_update", "_batch_norm_no_update", "cudnn_batch_norm", "native_layer_norm"),
    "native_group_norm",
)

OPERATORS = {
    **dict.fromkeys(("batch_norm", "instance_norm"), Operator(by_statistics, by_channel, is_same=True)),
    "layer_norm": Operator(by_statistics, over_last, is_same=True),
    "rms_norm": Operator(by_mean_square, over_last, is_same=True),
    "group_norm": Operator(by_statistics),
    "local_response_norm": Operator(local_response),
    **dict.fromkeys(FUSED, Operator(by_statistics)),
    "_fused_rms_norm": Operator(by_mean_square),
}
