"""Pooling layers. Rule: one operation per window element: a comparison, or a sum.

Windows count in full, including padding. Adaptive pooling counts one operation per input element, as in
fvcore.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, AtMost, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import (
    DERIVATIVE_AND_PRODUCT,
    INFERRED_INPUT,
    PoolingWindow,
    SavedTensors,
    Sizes,
    SpatialLayer,
    at_least,
    per_dimension,
)
from convcost.layers.operation_counts import adaptive_cost, adaptive_mean_gradient, adaptive_mean_saved


class _Pooling(PoolingWindow):
    gradient_operations = DERIVATIVE_AND_PRODUCT

    kernel_size: Sizes
    stride: Sizes | None
    ceil_mode: bool
    padding: Sizes = 0
    dilation: Sizes = 1
    fits_unpadded: ClassVar[bool] = False
    """Whether the kernel must fit without padding or ceil_mode, as in ATen's avg_pool3d."""

    def output(self, shape: Shape) -> Shape:
        lengths = tuple(
            arithmetic.pooling_length(*geometry, self.ceil_mode) for geometry in self._geometry(shape)
        )
        return (*shape[: -self.spatial], *lengths)

    def cost(self, shape: Shape) -> Cost:
        taps = arithmetic.elements(self.per_dimension("kernel_size"))
        return Cost(elementwise=taps * arithmetic.elements(self.output(shape)))

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, kernel_size=self.kernel_size, dilation=self.dilation)
        yield at_least(0, padding=self.padding)
        if self.stride is not None:
            yield at_least(1, stride=self.stride)
        yield self.rank(shape)
        for length, kernel, stride, padding, dilation in self._geometry(shape):
            hint = "torch allows padding of at most half the kernel size."
            yield AtMost(padding, kernel // 2, "padding", "padding", hint)
            yield self._fits(length, kernel, stride, padding, dilation)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def _fits(self, length: Size, kernel: Size, stride: Size, padding: Size, dilation: Size) -> Requirement:
        if self.fits_unpadded:
            what = "the length without padding"
            return AtLeast(length, kernel, what, argument="kernel_size")
        overhang = stride - 1 if self.ceil_mode else 0
        span = dilation * (kernel - 1) + 1
        what = "the padded length"
        return AtLeast(length + 2 * padding, span - overhang, what, argument="kernel_size")

    def _geometry(self, shape: Shape) -> Iterator[tuple[Size, Size, Size, Size, Size]]:
        names = ("kernel_size", "stride", "padding", "dilation")
        return zip(shape[-self.spatial :], *(self.per_dimension(name) for name in names), strict=True)


@dataclass(frozen=True, repr=False)
class _MaxPool(_Pooling):
    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    dilation: Sizes = 1
    return_indices: bool = False
    ceil_mode: bool = False

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return _with_indices(output)


class MaxPool1d(_MaxPool):
    """The maximum of each window over the length."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]


class MaxPool2d(_MaxPool):
    """The maximum of each window over height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class MaxPool3d(_MaxPool):
    """The maximum of each window over depth, height and width."""

    spatial = 3
    inferred_input = INFERRED_INPUT[3]


@dataclass(frozen=True, repr=False)
class AvgPool1d(_Pooling):
    """The mean of each window over the length."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    ceil_mode: bool = False
    count_include_pad: bool = True


@dataclass(frozen=True, repr=False)
class _AvgPool(_Pooling):
    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield from super().requirements(shape)
        yield ArgumentCheck(self.divisor_override != 0, "divisor_override is 0", "divisor_override")


class AvgPool2d(_AvgPool):
    """The mean of each window over height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class AvgPool3d(_AvgPool):
    """The mean of each window over depth, height and width."""

    spatial = 3
    fits_unpadded = True
    inferred_input = INFERRED_INPUT[3]


@dataclass(frozen=True, repr=False)
class _LPPool(_Pooling):
    norm_type: float
    kernel_size: Sizes
    stride: Sizes | None = None
    ceil_mode: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = "norm_type is 0, but the root divides by norm_type"
        yield ArgumentCheck(self.norm_type != 0, message, "norm_type")
        yield from super().requirements(shape)

    def cost(self, shape: Shape) -> Cost:
        """A power and a sum per window element, a root per output element."""
        taps = arithmetic.elements(self.per_dimension("kernel_size"))
        return Cost(elementwise=(2 * taps + 1) * arithmetic.elements(self.output(shape)))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """11 per output element for the root, and 5 per input element for the mean and the powers.

        These are the operators of torch's (sign(y)·relu(|y|)·taps)^(1/p), where y is the mean of xᵖ.
        """
        return 11 * arithmetic.elements(self.output(shape)) + 5 * arithmetic.elements(shape)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, the powers, their means with sign and magnitude, and the radicand."""
        return SavedTensors(input=True, elements=arithmetic.elements(shape) + 4 * arithmetic.elements(output))


@dataclass(frozen=True, repr=False)
class LPPool1d(_LPPool):
    """The p-norm of each window over the length. `kernel_size` must not be a tuple, as in torch."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]

    kernel_size: Size


class LPPool2d(_LPPool):
    """The p-norm of each window over height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class LPPool3d(_LPPool):
    """The p-norm of each window over depth, height and width."""

    spatial = 3
    fits_unpadded = True
    inferred_input = INFERRED_INPUT[3]


class _Adaptive(SpatialLayer):
    gradient_operations = DERIVATIVE_AND_PRODUCT

    output_size: int | tuple[int | None, ...]

    def output(self, shape: Shape) -> Shape:
        sizes = per_dimension(self.output_size, self.spatial, "output_size")
        lengths = (
            length if size is None else size
            for size, length in zip(sizes, shape[-self.spatial :], strict=True)
        )
        return (*shape[: -self.spatial], *lengths)

    def cost(self, shape: Shape) -> Cost:
        """One operation per input element."""
        return adaptive_cost(shape)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield self.rank(shape)
        yield at_least(1, output_size=self.output(shape)[-self.spatial :])


class _AdaptiveMean(_Adaptive):
    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return adaptive_mean_saved(output[-self.spatial :])

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        return adaptive_mean_gradient(shape, self.output(shape)[-self.spatial :])


@dataclass(frozen=True, repr=False)
class _AdaptiveAvgPool(_AdaptiveMean):
    output_size: int | tuple[int | None, ...]


@dataclass(frozen=True, repr=False)
class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of `output_size` windows that cover the length."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]

    output_size: Sizes


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of `output_size` windows that cover height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of `output_size` windows that cover depth, height and width."""

    spatial = 3
    inferred_input = INFERRED_INPUT[3]


@dataclass(frozen=True, repr=False)
class _AdaptiveMaxPool(_Adaptive):
    output_size: int | tuple[int | None, ...]
    return_indices: bool = False

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return _with_indices(output)


@dataclass(frozen=True, repr=False)
class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maximum of `output_size` windows that cover the length."""

    spatial = 1
    inferred_input = INFERRED_INPUT[1]

    output_size: Sizes


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maximum of `output_size` windows that cover height and width."""

    spatial = 2
    inferred_input = INFERRED_INPUT[2]


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maximum of `output_size` windows that cover depth, height and width."""

    spatial = 3
    inferred_input = INFERRED_INPUT[3]


def _with_indices(output: Shape) -> SavedTensors:
    """The input, and the index of each maximum."""
    return SavedTensors(input=True, indices=arithmetic.elements(output))
