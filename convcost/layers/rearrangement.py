"""Layers that put values elsewhere: between channels and positions, and between images and their patches.

Only Fold computes: it adds up the patches that overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, Divides, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import (
    INFERRED_INPUT,
    MOST_DIMENSIONS,
    Layer,
    SavedTensors,
    Sizes,
    at_least,
    per_dimension,
    tensor_limits,
)


class _Rearrangement(Layer):
    """Backward puts the gradients back, for which it needs no values."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()


def _image(shape: Shape) -> Requirement:
    return Rank(shape, tuple(range(3, MOST_DIMENSIONS + 1)), "[..., channels, height, width]")


@dataclass(frozen=True)
class PixelShuffle(_Rearrangement):
    """[..., C·r², H, W] as [..., C, H·r, W·r], where r is `upscale_factor`."""

    upscale_factor: Size
    inferred_input = ("B", "C*upscale_factor*upscale_factor", "H", "W")

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, upscale_factor=self.upscale_factor)
        yield _image(shape)
        squared = self.upscale_factor * self.upscale_factor
        yield Divides(squared, shape[-3], "upscale_factor²", "the channel count", "upscale_factor")
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        *batch, channels, height, width = shape
        factor = self.upscale_factor
        return (*batch, channels // (factor * factor), height * factor, width * factor)


@dataclass(frozen=True)
class PixelUnshuffle(_Rearrangement):
    """[..., C, H·r, W·r] as [..., C·r², H, W], where r is `downscale_factor`."""

    downscale_factor: Size
    inferred_input = ("B", "C", "H*downscale_factor", "W*downscale_factor")

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, downscale_factor=self.downscale_factor)
        yield _image(shape)
        for length, name in zip(shape[-2:], ("height", "width"), strict=True):
            yield Divides(
                self.downscale_factor, length, "downscale_factor", f"the {name}", "downscale_factor"
            )
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        *batch, channels, height, width = shape
        factor = self.downscale_factor
        return (*batch, channels * factor * factor, height // factor, width // factor)


@dataclass(frozen=True)
class ChannelShuffle(_Rearrangement):
    """The channels of [batch, channels, ...], those of `groups` groups dealt out in turn."""

    groups: Size
    inferred_input = ("B", "C*groups", "H", "W")

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, groups=self.groups)
        yield Rank(shape, tuple(range(3, MOST_DIMENSIONS + 1)), "[batch, channels, ...]")
        yield Divides(self.groups, shape[1], "groups", "the channel count", "groups")


class _Patches(_Rearrangement):
    """Windows over height and width, one below the other."""

    spatial: ClassVar[int] = 2
    kernel_size: Sizes
    dilation: Sizes
    padding: Sizes
    stride: Sizes

    def each(self, argument: str) -> Shape:
        """The named argument for height and width."""
        return per_dimension(getattr(self, argument), self.spatial, argument)

    def window_requirements(self, lengths: Shape) -> Iterator[Requirement]:
        """That windows fit along `lengths`."""
        yield at_least(1, kernel_size=self.kernel_size, dilation=self.dilation, stride=self.stride)
        yield at_least(0, padding=self.padding)
        for length, kernel, padding, dilation in zip(
            lengths, *map(self.each, ("kernel_size", "padding", "dilation")), strict=True
        ):
            what = "the padded length, which the kernel has to fit in,"
            yield AtLeast(length + 2 * padding, dilation * (kernel - 1) + 1, what, argument="kernel_size")

    def patches(self, lengths: Shape) -> Size:
        """How many windows there are."""
        names = ("kernel_size", "stride", "padding", "dilation")
        geometry = zip(lengths, *map(self.each, names), strict=True)
        return arithmetic.elements(
            tuple(
                arithmetic.convolution_length(length, kernel, stride, 2 * padding, dilation)
                for length, kernel, stride, padding, dilation in geometry
            )
        )

    @property
    def taps(self) -> Size:
        """Positions in a window."""
        return arithmetic.elements(self.each("kernel_size"))


@dataclass(frozen=True)
class Unfold(_Patches):
    """[batch, C, H, W] as [batch, C·taps, windows]: what a convolution multiplies its weight with."""

    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1
    inferred_input = INFERRED_INPUT[2]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, (3, 4), "[batch, channels, height, width] or the same without batch")
        yield from self.window_requirements(shape[-2:])
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-3], shape[-3] * self.taps, self.patches(shape[-2:]))


@dataclass(frozen=True)
class Fold(_Patches):
    """[batch, C·taps, windows] as [batch, C, *output_size], with what overlaps added up."""

    output_size: Sizes
    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, output_size=self.output_size)
        yield Rank(shape, (2, 3), "[batch, channels x kernel positions, windows] or the same without batch")
        yield from self.window_requirements(self.each("output_size"))
        yield Divides(
            self.taps, shape[-2], "the number of kernel positions", "the channel dimension", "kernel_size"
        )
        windows = self.patches(self.each("output_size"))
        yield Equals(shape[-1], windows, "the input's last dimension", "the number of windows")
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-2], shape[-2] // self.taps, *self.each("output_size"))

    def cost(self, shape: Shape) -> Cost:
        """An addition for each input element, as `torch.sum` has one."""
        return Cost(elementwise=arithmetic.elements(shape))
