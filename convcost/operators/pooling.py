"""Pooling, interpolation and embedding bags: operations per combined element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape
from convcost.layers.dense import BagMode, bag_gradient_operations, bag_operations
from convcost.layers.upsampling import (
    BICUBIC_INTERPOLATION,
    LANCZOS_INTERPOLATION,
    LINEAR_INTERPOLATION,
)
from convcost.operators.interface import Operand, Operator, each_element, size


def window_pool(kernel_size: Shape, output: Operand, **_: Any) -> Cost:
    """One operation per window element. Windows count in full, including padding."""
    return Cost(elementwise=arithmetic.elements(kernel_size) * size(output))


def lp_pool(kernel_size: Shape, output: Operand, **_: Any) -> Cost:
    """A power and a sum per window element, a root per output element."""
    return Cost(elementwise=(2 * arithmetic.elements(kernel_size) + 1) * size(output))


def adaptive_pool(self: Operand, **_: Any) -> Cost:
    """One operation per input element."""
    return Cost(elementwise=size(self))


def _with_spatial_kernel(dimensions: int, rule: Any) -> Operator:
    """An operator by `rule`, with the kernel size expanded to all `dimensions`."""

    def cost(kernel_size: Any, **arguments: Any) -> Cost:
        sides = tuple(kernel_size) if isinstance(kernel_size, Sequence) else (kernel_size,)
        result: Cost = rule(kernel_size=sides * dimensions if len(sides) == 1 else sides, **arguments)
        return result

    cost.__doc__ = rule.__doc__
    return Operator(cost)


WINDOWED = {
    1: ("quantized_max_pool1d", "max_pool1d", "max_pool1d_with_indices", "avg_pool1d"),
    **{
        n: (
            *(f"max_pool{n}d", f"max_pool{n}d_with_indices", f"avg_pool{n}d", f"mkldnn_max_pool{n}d"),
            *(f"fractional_max_pool{n}d", f"quantized_max_pool{n}d"),
        )
        for n in (2, 3)
    },
}

ADAPTIVE = tuple(
    f"{start}adaptive_{kind}_pool{dimensions}d"
    for start in ("", "_")
    for kind in ("avg", "max")
    for dimensions in (1, 2, 3)
)

INTERPOLATIONS = {
    "upsample_linear1d": LINEAR_INTERPOLATION[1],
    **dict.fromkeys(("upsample_bilinear2d", "_upsample_bilinear2d_aa"), LINEAR_INTERPOLATION[2]),
    "upsample_trilinear3d": LINEAR_INTERPOLATION[3],
    **dict.fromkeys(("upsample_bicubic2d", "_upsample_bicubic2d_aa"), BICUBIC_INTERPOLATION),
    "_upsample_lanczos2d_aa": LANCZOS_INTERPOLATION,
}

BAG_MODES: tuple[BagMode, ...] = ("sum", "mean", "max")
"""The modes of embedding_bag, by ATen's numbers."""


def grid_sample(output: Operand, interpolation_mode: int = 0, **_: Any) -> Cost:
    """The same as an interpolation in that mode: linear, nearest or bicubic."""
    operations = (LINEAR_INTERPOLATION[len(output.shape) - 2], 0, BICUBIC_INTERPOLATION)[interpolation_mode]
    return Cost(elementwise=operations * size(output))


def embedding_bag(
    weight: Operand,
    indices: Operand,
    output: Operand,
    mode: int = 0,
    per_sample_weights: Operand | None = None,
    **_: Any,
) -> Cost:
    """The same as layer EmbeddingBag; a product per element looked up for `per_sample_weights`."""
    looked_up = size(indices) * weight.shape[-1]
    products = 0 if per_sample_weights is None else looked_up
    return Cost(elementwise=bag_operations(BAG_MODES[mode], looked_up, size(output)) + products)


def embedding_bag_backward(
    grad: Operand,
    indices: Operand,
    mode: int,
    sparse: bool = False,
    per_sample_weights: Operand | None = None,
    **_: Any,
) -> Cost:
    """The gradient by the table; a product per element looked up for `per_sample_weights`."""
    looked_up = size(indices) * grad.shape[-1]
    products = 0 if per_sample_weights is None else looked_up
    return Cost(
        elementwise=bag_gradient_operations(BAG_MODES[mode], looked_up, size(grad), sparse) + products
    )


OPERATORS = {
    **{
        name: _with_spatial_kernel(dimensions, window_pool)
        for dimensions, names in WINDOWED.items()
        for name in names
    },
    **{f"lp_pool{dimensions}d": _with_spatial_kernel(dimensions, lp_pool) for dimensions in (1, 2, 3)},
    **dict.fromkeys(ADAPTIVE, Operator(adaptive_pool)),
    **{name: each_element(operations) for name, operations in INTERPOLATIONS.items()},
    **dict.fromkeys(("grid_sampler_2d", "grid_sampler_3d"), Operator(grid_sample)),
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), Operator(embedding_bag)),
    **dict.fromkeys(
        ("_embedding_bag_backward", "_embedding_bag_dense_backward"), Operator(embedding_bag_backward)
    ),
}
