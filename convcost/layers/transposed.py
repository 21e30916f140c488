"""Transposed convolutions in one, two and three dimensions.

They multiply at each input position. MACs: batch · input positions · in_channels · (out_channels / groups) ·
kernel positions. Output length:
(length − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1.
Source: documentation of torch.nn.ConvTranspose1d.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, AtMost, Requirement
from convcost.core.cost import Shape, Size
from convcost.layers.interface import SavedTensors, Sizes, at_least, tensor_limits
from convcost.layers.sliding import POSITIONS, TAPS, SlidingKernel, Window, valid_taps


@dataclass(frozen=True, repr=False)
class _ConvTranspose(SlidingKernel):
    """A transposed convolution over `spatial` dimensions."""

    has_dtype = True

    in_channels: Size
    out_channels: Size
    kernel_size: Sizes
    stride: Sizes = 1
    padding: Sizes = 0
    output_padding: Sizes = 0
    groups: Size = 1
    bias: bool = True
    dilation: Sizes = 1
    padding_mode: Literal["zeros"] = "zeros"

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        names = ("kernel_size", "stride", "dilation", "padding", "padding", "output_padding")
        return tuple(Window(*window) for window in zip(*map(self.per_dimension, names), strict=True))

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.in_channels, self.out_channels // self.groups, *self.kernel)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def lengths(self, shape: Shape) -> Shape:
        return tuple(
            arithmetic.transposed_length(
                length,
                window.kernel_size,
                window.stride,
                window.before + window.after,
                window.output_padding,
                window.dilation,
            )
            for length, window in zip(shape[-self.spatial :], self.windows, strict=True)
        )

    def positions(self, shape: Shape, lengths: Shape) -> Shape:
        return shape[-self.spatial :]

    def valid_taps(self, shape: Shape, lengths: Shape) -> Size | None:
        """MACs whose output is not cropped by `padding`."""
        return valid_taps(lengths, shape[-self.spatial :], self.windows)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops over input positions; each input element contributes to several outputs."""
        return (
            ("sample", arithmetic.elements(shape[: -self.spatial - 1])),
            ("in_channel", self.in_channels),
            *zip(POSITIONS[self.spatial], shape[-self.spatial :], strict=True),
            ("out_channel", self.out_channels // self.groups),
            *zip(TAPS[self.spatial], self.kernel, strict=True),
        )

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        return tuple(
            (
                f"{name}_out",
                "({} − 1)·{} − 2·{} + {}·({} − 1) + {} + 1",
                (length, each.stride, each.before, each.dilation, each.kernel_size, each.output_padding),
            )
            for name, length, each in zip(self.names, shape[-self.spatial :], self.windows, strict=True)
        )

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(0, padding=self.padding, output_padding=self.output_padding)
        yield from super().requirements(shape)
        for window in self.windows:
            largest = arithmetic.larger(window.stride, window.dilation) - 1
            hint = "output_padding must be smaller than the stride or the dilation."
            yield AtMost(window.output_padding, largest, "output_padding", "output_padding", hint)
        for name, length in zip(self.names, self.lengths(shape), strict=True):
            yield AtLeast(length, 1, f"the output's {name}", "padding")
        yield from tensor_limits(self.output(shape))


class ConvTranspose1d(_ConvTranspose):
    """The gradient of Conv1d by its input: upsamples [batch, channels, length]."""

    spatial = 1
    inferred_input = ("B*S", "in_channels", "L")


class ConvTranspose2d(_ConvTranspose):
    """The gradient of Conv2d by its input: upsamples [batch, channels, height, width]."""

    spatial = 2
    inferred_input = ("B", "in_channels", "H", "W")


class ConvTranspose3d(_ConvTranspose):
    """The gradient of Conv3d by its input: upsamples [batch, channels, depth, height, width]."""

    spatial = 3
    inferred_input = ("B", "in_channels", "D", "H", "W")
