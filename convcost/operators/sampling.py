"""What is looked up and mixed: interpolations, and bags of embeddings."""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost
from convcost.operators.interface import Operand, Operator, each_element, size

LINEAR = {1: 3, 2: 7, 3: 15}
"""By dimensions: a product for each of 2ⁿ neighbours, and the sums between. Their weights are not counted."""

BICUBIC = 31
"""As much for 16 neighbours."""

LANCZOS = 71
"""As much for 36 neighbours, of a kernel of three to each side."""

INTERPOLATIONS = {
    "upsample_linear1d": LINEAR[1],
    **dict.fromkeys(("upsample_bilinear2d", "_upsample_bilinear2d_aa"), LINEAR[2]),
    "upsample_trilinear3d": LINEAR[3],
    **dict.fromkeys(("upsample_bicubic2d", "_upsample_bicubic2d_aa"), BICUBIC),
    "_upsample_lanczos2d_aa": LANCZOS,
}

MEAN = 1
"""ATen's number for mode='mean' of an embedding_bag."""


def on_grid(output: Operand, interpolation_mode: int = 0, **_: Any) -> Cost:
    """grid_sample: as an interpolation of the same kind; ATen's modes are linear, nearest and bicubic."""
    operations = (LINEAR[len(output.shape) - 2], 0, BICUBIC)[interpolation_mode]
    return Cost(elementwise=operations * size(output))


def bags(
    weight: Operand,
    indices: Operand,
    output: Operand,
    mode: int = 0,
    per_sample_weights: Operand | None = None,
    **_: Any,
) -> Cost:
    """One sum or comparison for each feature that is looked up, a product if it is weighted; quotients."""
    each = 1 if per_sample_weights is None else 2
    quotients = size(output) if mode == MEAN else 0
    return Cost(elementwise=each * size(indices) * weight.shape[-1] + quotients)


OPERATORS = {
    **{name: each_element(operations) for name, operations in INTERPOLATIONS.items()},
    **dict.fromkeys(("grid_sampler_2d", "grid_sampler_3d"), Operator(on_grid)),
    **dict.fromkeys(("_embedding_bag", "_embedding_bag_forward_only"), Operator(bags)),
}
