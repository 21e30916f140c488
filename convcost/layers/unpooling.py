"""Max unpooling: returns pooled values to their original positions, without arithmetic.

The output has torch's default size; along each dimension (length − 1)·stride − 2·padding + kernel_size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, Requirement
from convcost.core.cost import Shape
from convcost.layers.broadcasting import equal_shapes
from convcost.layers.interface import (
    INDEX_DTYPE,
    INFERRED_INPUT,
    MultipleInputLayer,
    PoolingWindow,
    SavedTensors,
    Sizes,
    at_least,
    tensor_limits,
)


@dataclass(frozen=True, repr=False)
class _MaxUnpool(MultipleInputLayer, PoolingWindow):
    """Max unpooling of pooled values and their indices, of equal shape."""

    input_counts = range(2, 3)
    input_dtypes = ("", INDEX_DTYPE)

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape,)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, kernel_size=self.kernel_size)
        if self.stride is not None:
            yield at_least(1, stride=self.stride)
        yield self.rank(shape)
        yield from equal_shapes(shape, self.further_inputs[0], 1)
        for length in self.output(shape)[-self.spatial :]:
            yield AtLeast(length, 1, "the output's length", "kernel_size")
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        names = ("kernel_size", "stride", "padding")
        geometry = zip(shape[-self.spatial :], *map(self.per_dimension, names), strict=True)
        lengths = (
            (length - 1) * stride - 2 * padding + kernel for length, kernel, stride, padding in geometry
        )
        return (*shape[: -self.spatial], *lengths)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The indices, which route the gradients."""
        return SavedTensors(indices=arithmetic.elements(shape))


class MaxUnpool1d(_MaxUnpool):
    """Returns the values of a MaxPool1d to their positions along the length."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]


class MaxUnpool2d(_MaxUnpool):
    """Returns the values of a MaxPool2d to their positions in height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class MaxUnpool3d(_MaxUnpool):
    """Returns the values of a MaxPool3d to their positions in depth, height and width."""

    spatial = 3
    inferred_input = INFERRED_INPUT[3]
