"""Upsampling, or downsampling, to a size or by a factor.

Rule: per output element, a product per neighbour and the sums between them: 0 for nearest, 3 for linear, 7
for bilinear, 15 for trilinear, 31 for bicubic. Computing the weights is not counted: all channels share them.
Area is an adaptive mean, with one operation per input element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import INFERRED_INPUT, Layer, SavedTensors, Sizes, per_dimension, tensor_limits
from convcost.layers.operation_counts import adaptive_cost, adaptive_mean_gradient, adaptive_mean_saved
from convcost.layers.scaling import scaled, scaling_requirements

LINEAR_INTERPOLATION = {1: 3, 2: 7, 3: 15}
"""By number of dimensions n: a product for each of 2ⁿ neighbours, and the sums between them."""

BICUBIC_INTERPOLATION = 31
"""The same for 16 neighbours."""

LANCZOS_INTERPOLATION = 71
"""The same for 36 neighbours: three on each side."""

OPERATIONS = {
    "linear": LINEAR_INTERPOLATION[1],
    "bilinear": LINEAR_INTERPOLATION[2],
    "trilinear": LINEAR_INTERPOLATION[3],
    "bicubic": BICUBIC_INTERPOLATION,
}
"""Operations per output element, for modes that interpolate."""

RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}
"""Ranks of the input, for modes that do not accept all of them."""

ANY_RANK = (3, 4, 5)

WANTED = {
    (3,): "[batch, channels, length]",
    (4,): "[batch, channels, height, width]",
    (5,): "[batch, channels, depth, height, width]",
    ANY_RANK: "[batch, channels] and one to three spatial dimensions",
}


class _Upsampling(Layer):
    """Resizes to `size`, or by `scale_factor`; either is one number, or one per spatial dimension."""

    inferred_input = INFERRED_INPUT[2]
    example_arguments = "scale_factor=2"

    size: Sizes | None
    scale_factor: float | tuple[float, ...] | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: ClassVar[bool | None] = None

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        sizes = (self.size is not None) + (self.scale_factor is not None)
        message = f"{'both' if sizes else 'neither'} of size and scale_factor given; give exactly one"
        yield ArgumentCheck(sizes == 1, message, "scale_factor" if sizes else "")
        message = "recompute_scale_factor needs scale_factor, but size is given"
        yield ArgumentCheck(
            not self.recompute_scale_factor or self.size is None, message, "recompute_scale_factor"
        )
        message = f"align_corners needs a mode that interpolates, but the mode is {self.mode}"
        interpolates = self.mode in OPERATIONS
        yield ArgumentCheck(self.align_corners is None or interpolates, message, "align_corners")
        ranks = RANKS.get(self.mode, ANY_RANK)
        yield Rank(shape, ranks, WANTED[ranks])
        if self.scale_factor is not None:
            yield from scaling_requirements(self._factors(shape), "scale_factor", "size")
        argument = "size" if self.scale_factor is None else "scale_factor"
        for length in self.lengths(shape):
            yield AtLeast(length, 1, "the output's length", argument)
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        """`size`, or ⌊length · scale_factor⌋ in double precision, as in torch."""
        return (*shape[:2], *self.lengths(shape))

    def lengths(self, shape: Shape) -> Shape:
        """The spatial sizes of the output."""
        if self.size is not None:
            return per_dimension(self.size, len(shape) - 2, "size")
        return tuple(scaled(length, factor) for length, factor in self._factors(shape))

    def cost(self, shape: Shape) -> Cost:
        if self.mode == "area":
            return adaptive_cost(shape)
        return Cost(elementwise=OPERATIONS.get(self.mode, 0) * arithmetic.elements(self.output(shape)))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Each output element adds its weighted gradient to its neighbours; for nearest, one sum."""
        if self.mode == "area":
            return adaptive_mean_gradient(shape, self.lengths(shape))
        return OPERATIONS.get(self.mode, 1) * arithmetic.elements(self.output(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """Nothing: weights depend on sizes only. Area saves what an adaptive mean does."""
        return adaptive_mean_saved(output[2:]) if self.mode == "area" else SavedTensors()

    def _factors(self, shape: Shape) -> Iterator[tuple[Size, float]]:
        factors = self.scale_factor
        assert factors is not None
        per_dimension_factors = factors if isinstance(factors, tuple) else (factors,) * len(shape[2:])
        per_dimension(tuple(0 for _ in per_dimension_factors), len(shape) - 2, "scale_factor")
        return zip(shape[2:], per_dimension_factors, strict=True)


@dataclass(frozen=True, repr=False)
class Upsample(_Upsampling):
    """Resizes [batch, channels, ...] by copies of the nearest value, interpolation, or means."""

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: Literal["nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"] = (
        "nearest"
    )
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None  # type: ignore[misc]


@dataclass(frozen=True, repr=False)
class UpsamplingNearest2d(_Upsampling):
    """Copies the nearest value, over one to three spatial dimensions."""

    mode = "nearest"
    align_corners = None

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None


@dataclass(frozen=True, repr=False)
class UpsamplingBilinear2d(_Upsampling):
    """Bilinear interpolation of [batch, channels, height, width], with aligned corners."""

    mode = "bilinear"
    align_corners = True

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None
