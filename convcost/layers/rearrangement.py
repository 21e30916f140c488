"""Layers that move values: between channels and positions, and between images and sliding blocks.

Only Fold does arithmetic: it sums overlapping blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, Divides, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import (
    INFERRED_INPUT,
    MOST_DIMENSIONS,
    Layer,
    SavedTensors,
    Sizes,
    SpatialLayer,
    at_least,
    tensor_limits,
)


class _Rearrangement(Layer):
    """A layer that moves values. Its backward pass moves gradients back, and needs no values."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()


def _image(shape: Shape) -> Requirement:
    return Rank(shape, tuple(range(3, MOST_DIMENSIONS + 1)), "[..., channels, height, width]")


@dataclass(frozen=True)
class PixelShuffle(_Rearrangement):
    """[..., C·r², H, W] → [..., C, H·r, W·r], where r is `upscale_factor`."""

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
    """[..., C, H·r, W·r] → [..., C·r², H, W], where r is `downscale_factor`."""

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
    """Interleaves the channels of `groups` groups: [batch, channels, ...] → the same shape."""

    groups: Size
    inferred_input = ("B", "C*groups", "H", "W")

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, groups=self.groups)
        yield Rank(shape, tuple(range(3, MOST_DIMENSIONS + 1)), "[batch, channels, ...]")
        yield Divides(self.groups, shape[1], "groups", "the channel count", "groups")


class _SlidingBlocks(_Rearrangement, SpatialLayer):
    """A layer of blocks that slide over height and width; each block is a column."""

    spatial = 2
    kernel_size: Sizes
    dilation: Sizes
    padding: Sizes
    stride: Sizes

    def block_requirements(self, lengths: Shape) -> Iterator[Requirement]:
        """Requires a block to fit into an image of these lengths."""
        yield at_least(1, kernel_size=self.kernel_size, dilation=self.dilation, stride=self.stride)
        yield at_least(0, padding=self.padding)
        for length, kernel, padding, dilation in zip(
            lengths, *map(self.per_dimension, ("kernel_size", "padding", "dilation")), strict=True
        ):
            what = "the padded length"
            yield AtLeast(length + 2 * padding, dilation * (kernel - 1) + 1, what, argument="kernel_size")

    def block_count(self, lengths: Shape) -> Size:
        """The number of blocks in an image of these lengths."""
        names = ("kernel_size", "stride", "padding", "dilation")
        geometry = zip(lengths, *map(self.per_dimension, names), strict=True)
        return arithmetic.elements(
            tuple(
                arithmetic.convolution_length(length, kernel, stride, 2 * padding, dilation)
                for length, kernel, stride, padding, dilation in geometry
            )
        )

    @property
    def taps(self) -> Size:
        """The number of positions in a block."""
        return arithmetic.elements(self.per_dimension("kernel_size"))


@dataclass(frozen=True)
class Unfold(_SlidingBlocks):
    """[batch, C, H, W] → [batch, C·taps, blocks], the operand of a convolution as a matrix product."""

    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1
    inferred_input = INFERRED_INPUT[2]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield self.rank(shape)
        yield from self.block_requirements(shape[-2:])
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-3], shape[-3] * self.taps, self.block_count(shape[-2:]))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """One addition per output element: the gradients of overlapping blocks are summed."""
        return arithmetic.elements(self.output(shape))


@dataclass(frozen=True)
class Fold(_SlidingBlocks):
    """[batch, C·taps, blocks] → [batch, C, *output_size]; sums overlapping blocks."""

    output_size: Sizes
    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, output_size=self.output_size)
        yield Rank(shape, (2, 3), "[batch, channels x kernel positions, windows] or the same without batch")
        yield from self.block_requirements(self.per_dimension("output_size"))
        yield Divides(
            self.taps, shape[-2], "the number of kernel positions", "the channel dimension", "kernel_size"
        )
        windows = self.block_count(self.per_dimension("output_size"))
        yield Equals(shape[-1], windows, "the input's last dimension", "the number of windows")
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-2], shape[-2] // self.taps, *self.per_dimension("output_size"))

    def cost(self, shape: Shape) -> Cost:
        """One addition per input element, as in a sum."""
        return Cost(elementwise=arithmetic.elements(shape))
