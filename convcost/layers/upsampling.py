"""Upsampling, or downsampling, to a size or by a factor.

Rule: for each output element a product with each neighbour, and the sums between: 0 for nearest, 3 for
linear, 7 for bilinear, 15 for trilinear, 31 for bicubic. The weights are not counted: all channels
have the same. Area is an adaptive mean, with one operation for each input element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.adaptive import adaptive_cost, adaptive_mean_gradient, adaptive_mean_saved
from convcost.layers.interface import INFERRED_INPUT, Layer, SavedTensors, Sizes, per_dimension, tensor_limits
from convcost.layers.scaling import scaled, scaling_requirements

LINEAR_INTERPOLATION = {1: 3, 2: 7, 3: 15}
"""By dimensions: a product for each of 2ⁿ neighbours, and the sums between. Their weights are not counted."""

BICUBIC_INTERPOLATION = 31
"""The same for 16 neighbours."""

LANCZOS_INTERPOLATION = 71
"""The same for 36 neighbours: a kernel of three to each side."""

OPERATIONS = {
    "linear": LINEAR_INTERPOLATION[1],
    "bilinear": LINEAR_INTERPOLATION[2],
    "trilinear": LINEAR_INTERPOLATION[3],
    "bicubic": BICUBIC_INTERPOLATION,
}
"""Those of interpolating modes, for each output element."""

RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,)}
"""The dimensions of the input, for a mode that does not take them all."""

ANY_RANK = (3, 4, 5)

WANTED = {
    (3,): "[batch, channels, length]",
    (4,): "[batch, channels, height, width]",
    (5,): "[batch, channels, depth, height, width]",
    ANY_RANK: "[batch, channels] and one to three spatial dimensions",
}


class _Upsampling(Layer):
    """To `size`, or by `scale_factor`; one for all spatial dimensions, or one for each."""

    inferred_input = INFERRED_INPUT[2]
    example_arguments = "scale_factor=2"

    size: Sizes | None
    scale_factor: float | tuple[float, ...] | None
    mode: str
    align_corners: bool | None
    recompute_scale_factor: ClassVar[bool | None] = None

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        sizes = (self.size is not None) + (self.scale_factor is not None)
        message = f"{'both' if sizes else 'none'} of size and scale_factor given; one of them is needed"
        yield ArgumentCheck(sizes == 1, message, "scale_factor" if sizes else "")
        message = "recompute_scale_factor is for scale_factor, and size is given"
        yield ArgumentCheck(
            not self.recompute_scale_factor or self.size is None, message, "recompute_scale_factor"
        )
        message = f"align_corners is for modes that interpolate, and the mode is {self.mode}"
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
        """As long as `size` says, or ⌊length · scale_factor⌋ in double precision, as torch computes it."""
        return (*shape[:2], *self.lengths(shape))

    def lengths(self, shape: Shape) -> Shape:
        """The spatial dimensions of the output."""
        if self.size is not None:
            return per_dimension(self.size, len(shape) - 2, "size")
        return tuple(scaled(length, factor) for length, factor in self._factors(shape))

    def cost(self, shape: Shape) -> Cost:
        if self.mode == "area":
            return adaptive_cost(shape)
        return Cost(elementwise=OPERATIONS.get(self.mode, 0) * arithmetic.elements(self.output(shape)))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Each output gives its gradient to its neighbours, by the weights of the forward; nearest, a sum."""
        if self.mode == "area":
            return adaptive_mean_gradient(shape, self.lengths(shape))
        return OPERATIONS.get(self.mode, 1) * arithmetic.elements(self.output(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """Nothing, as weights follow from sizes; area is a mean."""
        return adaptive_mean_saved(output[2:]) if self.mode == "area" else SavedTensors()

    def _factors(self, shape: Shape) -> Iterator[tuple[Size, float]]:
        factors = self.scale_factor
        assert factors is not None
        every = factors if isinstance(factors, tuple) else (factors,) * len(shape[2:])
        per_dimension(tuple(0 for _ in every), len(shape) - 2, "scale_factor")
        return zip(shape[2:], every, strict=True)


@dataclass(frozen=True, repr=False)
class Upsample(_Upsampling):
    """[batch, channels, ...] to another size: nearest value, interpolation, or means."""

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: Literal["nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"] = (
        "nearest"
    )
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None  # type: ignore[misc]


@dataclass(frozen=True, repr=False)
class UpsamplingNearest2d(_Upsampling):
    """Copies of the nearest value; torch takes one to three spatial dimensions."""

    mode = "nearest"
    align_corners = None

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None


@dataclass(frozen=True, repr=False)
class UpsamplingBilinear2d(_Upsampling):
    """Bilinear interpolation of [batch, channels, height, width], with corners aligned."""

    mode = "bilinear"
    align_corners = True

    size: Sizes | None = None
    scale_factor: float | tuple[float, ...] | None = None
