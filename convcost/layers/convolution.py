"""Convolutions in one, two and three dimensions.

MACs: batch · output positions · out_channels · (in_channels / groups) · kernel positions. These include MACs
on padding; "on real data" excludes MACs on zero padding. Output length:
⌊(length + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1.
Source: documentation of torch.nn.Conv1d.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, AtMost, Equals, Requirement
from convcost.core.cost import Shape, Size
from convcost.layers.interface import SameOrSizes, SavedTensors, Sizes, at_least
from convcost.layers.sliding import POSITIONS, TAPS, SlidingKernel, Window, valid_taps

UNPADDED = ("valid", 0, (0,), (0, 0), (0, 0, 0))


@dataclass(frozen=True, repr=False)
class _Convolution(SlidingKernel):
    """A cross-correlation over `spatial` dimensions."""

    has_dtype = True

    in_channels: Size
    out_channels: Size
    kernel_size: Sizes
    stride: Sizes = 1
    padding: SameOrSizes = 0
    dilation: Sizes = 1
    groups: Size = 1
    bias: bool = True
    padding_mode: Literal["zeros", "reflect", "replicate", "circular"] = "zeros"

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        kernel, stride, dilation = map(self.per_dimension, ("kernel_size", "stride", "dilation"))
        geometry = zip(kernel, stride, dilation, self._paddings(), strict=True)
        return tuple(Window(size, step, spread, *padding) for size, step, spread, padding in geometry)

    def _paddings(self) -> tuple[tuple[Size, Size], ...]:
        """The padding before and after each dimension. With `same`, an odd element goes after.

        Source: torch.nn.modules.conv._ConvNd.
        """
        if self.padding == "valid":
            return ((0, 0),) * self.spatial
        if self.padding == "same":
            geometry = zip(self.per_dimension("dilation"), self.per_dimension("kernel_size"), strict=True)
            totals = [dilation * (kernel - 1) for dilation, kernel in geometry]
            return tuple((total // 2, total - total // 2) for total in totals)
        return tuple((padding, padding) for padding in self.per_dimension("padding"))

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.out_channels, self.in_channels // self.groups, *self.kernel)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def lengths(self, shape: Shape) -> Shape:
        return tuple(
            arithmetic.convolution_length(
                length, window.kernel_size, window.stride, window.before + window.after, window.dilation
            )
            for length, window in zip(shape[-self.spatial :], self.windows, strict=True)
        )

    def positions(self, shape: Shape, lengths: Shape) -> Shape:
        return lengths

    def valid_taps(self, shape: Shape, lengths: Shape) -> Size | None:
        if self.padding_mode != "zeros" or self.padding in UNPADDED:
            return self._taps(shape, lengths)
        return valid_taps(shape[-self.spatial :], lengths, self.windows)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Padding that copies data adds its gradient to the source: one sum per padded element."""
        is_filled = any(needed) and self.padding_mode != "zeros"
        return self.input_elements(shape) if is_filled else 0

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, or its padded copy if torch makes one; reflect and replicate save both."""
        if not self._is_copied:
            return SavedTensors(input=True)
        is_input = self.padding_mode in ("reflect", "replicate")
        return SavedTensors(input=is_input, elements=self.input_elements(shape))

    def input_elements(self, shape: Shape) -> Size:
        if not self._is_copied:
            return arithmetic.elements(shape)
        is_filled = self.padding_mode != "zeros"
        paddings = (
            window.before + window.after if is_filled else window.after - window.before
            for window in self.windows
        )
        lengths = shape[-self.spatial :]
        padded = (length + padding for length, padding in zip(lengths, paddings, strict=True))
        return arithmetic.elements((*shape[: -self.spatial], *padded))

    @property
    def _is_copied(self) -> bool:
        """Whether torch makes a padded copy: for a mode other than zeros, or uneven padding.

        With padding=same, an open kernel size is assumed odd, which makes the padding even.
        """
        surpluses = (window.after - window.before for window in self.windows)
        return self.padding_mode != "zeros" or any(surplus == 1 for surplus in surpluses)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops over output positions."""
        return (
            ("sample", arithmetic.elements(shape[: -self.spatial - 1])),
            ("out_channel", self.out_channels),
            *zip(POSITIONS[self.spatial], self.lengths(shape), strict=True),
            ("in_channel", self.in_channels // self.groups),
            *zip(TAPS[self.spatial], self.kernel, strict=True),
        )

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        return tuple(
            (
                f"{name}_out",
                "⌊({} + {} + {} − {}·({} − 1) − 1) / {}⌋ + 1",
                (length, each.before, each.after, each.dilation, each.kernel_size, each.stride),
            )
            for name, length, each in zip(self.names, shape[-self.spatial :], self.windows, strict=True)
        )

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        if self.padding == "same":
            hint = "With a stride, set padding to a number."
            for stride in self.per_dimension("stride"):
                yield Equals(stride, 1, "stride", "the only stride with padding=same", "stride", hint)
        elif not isinstance(self.padding, str):
            yield at_least(0, padding=self.padding)
        yield from super().requirements(shape)
        for name, length, window in zip(self.names, shape[-self.spatial :], self.windows, strict=True):
            yield from self._fits(name, length, window)

    def _fits(self, name: str, length: Size, window: Window) -> Iterator[Requirement]:
        short_by = {"reflect": 1, "circular": 0}.get(self.padding_mode)
        if short_by is not None:
            hint = f"padding_mode={self.padding_mode} copies from a {name} of {length}."
            yield AtMost(window.after, length - short_by, "padding", "padding", hint)
        padded = length + window.before + window.after
        span = window.dilation * (window.kernel_size - 1) + 1
        yield AtLeast(padded, span, f"the padded {name}", "kernel_size", f"The kernel spans {span}.")


class Conv1d(_Convolution):
    """Cross-correlation over [batch, channels, length]."""

    spatial = 1
    inferred_input = ("B*S", "in_channels", "L")


class Conv2d(_Convolution):
    """Cross-correlation over [batch, channels, height, width]."""

    spatial = 2
    inferred_input = ("B", "in_channels", "H", "W")


class Conv3d(_Convolution):
    """Cross-correlation over [batch, channels, depth, height, width]."""

    spatial = 3
    inferred_input = ("B", "in_channels", "D", "H", "W")
