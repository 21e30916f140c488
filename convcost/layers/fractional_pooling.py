"""Fractional max pooling: one window at a random position for each position of the output.

Rule: one comparison per window element, as for other max pooling layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import (
    DERIVATIVE_AND_PRODUCT,
    INFERRED_INPUT,
    SavedTensors,
    Sizes,
    SpatialLayer,
    at_least,
    per_dimension,
)
from convcost.layers.scaling import scaled, scaling_requirements


@dataclass(frozen=True, repr=False)
class _FractionalMaxPool(SpatialLayer):
    """Max pooling to `output_size`, or by `output_ratio`, a number between 0 and 1."""

    gradient_operations = DERIVATIVE_AND_PRODUCT
    spare: ClassVar[int] = 0
    """How much longer the input must be than the minimum for the windows."""

    example_arguments = "kernel_size, output_size"

    kernel_size: Sizes
    output_size: Sizes | None = None
    output_ratio: float | tuple[float, ...] | None = None
    return_indices: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        sizes = (self.output_size is not None) + (self.output_ratio is not None)
        message = f"{'both' if sizes else 'neither'} of output_size and output_ratio given; give exactly one"
        yield ArgumentCheck(sizes == 1, message, "output_ratio" if sizes else "")
        yield at_least(1, kernel_size=self.kernel_size)
        yield self.rank(shape)
        if self.output_ratio is not None:
            yield from scaling_requirements(self._ratios(shape), "output_ratio", "output_size")
            for _, ratio in self._ratios(shape):
                message = f"output_ratio is {ratio}; it must be between 0 and 1"
                yield ArgumentCheck(0 < ratio < 1, message, "output_ratio")
        lengths = self.output(shape)[-self.spatial :]
        kernels = self.per_dimension("kernel_size")
        for length, kernel, output in zip(shape[-self.spatial :], kernels, lengths, strict=True):
            yield AtLeast(output, 1, "the output's length", "output_size")
            what = "the length"
            yield AtLeast(length, output + kernel - 1 + self.spare, what, "kernel_size")

    def output(self, shape: Shape) -> Shape:
        """`output_size`, or ⌊length · output_ratio⌋ in double precision, as in torch."""
        if self.output_size is not None:
            lengths = self.per_dimension("output_size")
        else:
            lengths = tuple(scaled(length, ratio) for length, ratio in self._ratios(shape))
        return (*shape[: -self.spatial], *lengths)

    def cost(self, shape: Shape) -> Cost:
        """One comparison per window element."""
        taps = arithmetic.elements(self.per_dimension("kernel_size"))
        return Cost(elementwise=taps * arithmetic.elements(self.output(shape)))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, and the index of each maximum."""
        return SavedTensors(input=True, indices=arithmetic.elements(output))

    def _ratios(self, shape: Shape) -> tuple[tuple[Size, float], ...]:
        ratios = self.output_ratio
        per_dimension_ratios = ratios if isinstance(ratios, tuple) else (ratios or 0.0,) * self.spatial
        per_dimension(tuple(0 for _ in per_dimension_ratios), self.spatial, "output_ratio")
        return tuple(zip(shape[-self.spatial :], per_dimension_ratios, strict=True))


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maximum of windows at random positions over height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class FractionalMaxPool3d(_FractionalMaxPool):
    """The maximum of windows at random positions over depth, height and width."""

    spatial = 3
    spare = 1
    inferred_input = INFERRED_INPUT[3]
