"""Convolutions and transposed convolutions in one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

from convcost import formulas
from convcost.layers.interface import Layer, SameOrSizes, Sizes, along, at_least, bearable
from convcost.quantities import Cost, Shape, Size
from convcost.requirements import AtLeast, AtMost, Divides, Equals, Rank, Requirement

UNPADDED = ("valid", 0, (0,), (0, 0), (0, 0, 0))

LARGEST_STEP = 4096
"""Where stride and dilation are both larger, the exact count of valid taps would take long."""

NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
POSITIONS = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}
TAPS = {1: ("tap",), 2: ("tap_row", "tap_column"), 3: ("tap_slice", "tap_row", "tap_column")}
WANTED = {
    spatial: f"[batch, channels, {', '.join(names)}] or the same without batch"
    for spatial, names in NAMES.items()
}


class Window(NamedTuple):
    """How a kernel slides along one dimension, with the padding before and after it."""

    kernel_size: Size
    stride: Size
    dilation: Size
    before: Size
    after: Size
    output_padding: Size = 0


class _AnyConvolution(Layer):
    """What plain and transposed convolutions share: channels, weights, and the input they take."""

    contracts = True
    spatial: ClassVar[int]
    in_channels: Size
    out_channels: Size
    kernel_size: Sizes
    stride: Sizes
    dilation: Sizes
    groups: Size
    bias: bool

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The geometry along each spatial dimension."""
        raise NotImplementedError

    @property
    def kernel(self) -> Shape:
        """The kernel's size along each spatial dimension."""
        return self.each("kernel_size")

    def each(self, argument: str) -> Shape:
        """The named argument for each spatial dimension."""
        return along(getattr(self, argument), self.spatial, argument)

    def lengths(self, shape: Shape) -> Shape:
        """The spatial dimensions of the output."""
        raise NotImplementedError

    def taps(self, shape: Shape, lengths: Shape) -> tuple[Size, Size]:
        """Taps of one channel pair over all positions: all of them, and those on real data."""
        raise NotImplementedError

    def output(self, shape: Shape) -> Shape:
        return (*shape[: -self.spatial - 1], self.out_channels, *self.lengths(shape))

    def cost(self, shape: Shape) -> Cost:
        batch = formulas.elements(shape[: -self.spatial - 1])
        lengths = self.lengths(shape)
        taps, valid = self.taps(shape, lengths)
        channels = (batch, self.in_channels, self.out_channels, self.groups)
        return Cost(
            formulas.convolution_macs(*channels, taps),
            formulas.convolution_macs(*channels, valid),
            batch * self.out_channels * formulas.elements(lengths) if self.bias else 0,
        )

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        names = ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups")
        yield at_least(1, **{name: getattr(self, name) for name in names})
        for name in ("in_channels", "out_channels"):
            yield Divides(self.groups, getattr(self, name), "groups", name, "groups")
        for window in self.windows:
            step = formulas.smaller(window.stride, window.dilation)
            yield AtMost(step, LARGEST_STEP, "the smaller of stride and dilation", "stride")
        yield from self._input_requirements(shape)

    def _input_requirements(self, shape: Shape) -> Iterator[Requirement]:
        ranks = (self.spatial + 1, self.spatial + 2)
        yield Rank(shape, ranks, WANTED[self.spatial], self._rank_hint(shape))
        channels = shape[-self.spatial - 1]
        hint = self._channel_hint(shape)
        yield Equals(channels, self.in_channels, "the input's channel count", "in_channels", "", hint)

    def _rank_hint(self, shape: Shape) -> str:
        surplus = len(shape) - self.spatial - 2
        if surplus < 1:
            return ""
        merged = "*".join(map(str, shape[: surplus + 1]))
        rest = ", ".join(map(str, shape[surplus + 1 :]))
        return (
            f"Merge the leading dimensions into the batch, with the channels right behind it: "
            f"x.flatten(0, {surplus}) gives [{merged}, {rest}]."
        )

    def _channel_hint(self, shape: Shape) -> str:
        if shape[-1] != self.in_channels:
            return ""
        lead, last = shape[: -self.spatial - 1], shape[-self.spatial - 1 :]
        permuted = ", ".join(map(str, (*lead, last[-1], *last[:-1])))
        return (
            f"The channels are last here; torch wants them before the {' and '.join(self.names)}: "
            f"x.movedim(-1, {-self.spatial - 1}) permutes the input to [{permuted}]."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What the spatial dimensions are called."""
        return NAMES[self.spatial]


@dataclass(frozen=True)
class _Convolution(_AnyConvolution):
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
        kernel, stride, dilation = map(self.each, ("kernel_size", "stride", "dilation"))
        geometry = zip(kernel, stride, dilation, self._paddings(), strict=True)
        return tuple(Window(size, step, spread, *padding) for size, step, spread, padding in geometry)

    def _paddings(self) -> tuple[tuple[Size, Size], ...]:
        """Before and after, along each dimension; the odd one of `same` goes after.

        Source: torch.nn.modules.conv._ConvNd.
        """
        if self.padding == "valid":
            return ((0, 0),) * self.spatial
        if self.padding == "same":
            geometry = zip(self.each("dilation"), self.each("kernel_size"), strict=True)
            totals = [dilation * (kernel - 1) for dilation, kernel in geometry]
            return tuple((total // 2, total - total // 2) for total in totals)
        return tuple((padding, padding) for padding in self.each("padding"))

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.out_channels, self.in_channels // self.groups, *self.kernel)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def lengths(self, shape: Shape) -> Shape:
        return tuple(
            formulas.convolution_length(
                length, window.kernel_size, window.stride, window.before + window.after, window.dilation
            )
            for length, window in zip(shape[-self.spatial :], self.windows, strict=True)
        )

    def taps(self, shape: Shape, lengths: Shape) -> tuple[Size, Size]:
        taps = formulas.elements(lengths) * formulas.elements(self.kernel)
        if self.padding_mode != "zeros" or self.padding in UNPADDED:
            return taps, taps
        return taps, _valid_taps(shape[-self.spatial :], lengths, self.windows)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """Over output positions."""
        return (
            ("sample", formulas.elements(shape[: -self.spatial - 1])),
            ("out_channel", self.out_channels),
            *zip(POSITIONS[self.spatial], self.lengths(shape), strict=True),
            ("in_channel", self.in_channels // self.groups),
            *zip(TAPS[self.spatial], self.kernel, strict=True),
        )

    def length_formulas(self, shape: Shape) -> tuple[str, ...]:
        facts = zip(self.names, shape[-self.spatial :], self.windows, self.lengths(shape), strict=True)
        return tuple(
            f"{name}_out = ⌊({length} + {window.before} + {window.after} − {window.dilation}·"
            f"({window.kernel_size} − 1) − 1) / {window.stride}⌋ + 1 = {out}"
            for name, length, window, out in facts
        )

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        if self.padding == "same":
            hint = "With a stride, give the padding as a number."
            for stride in self.each("stride"):
                yield Equals(stride, 1, "stride", "what padding=same allows", "stride", hint)
        elif not isinstance(self.padding, str):
            yield at_least(0, padding=self.padding)
        yield from super().requirements(shape)
        for name, length, window in zip(self.names, shape[-self.spatial :], self.windows, strict=True):
            yield from self._fits(name, length, window)

    def _fits(self, name: str, length: Size, window: Window) -> Iterator[Requirement]:
        short_by = {"reflect": 1, "circular": 0}.get(self.padding_mode)
        if short_by is not None:
            hint = f"padding_mode={self.padding_mode} fills from a {name} of {length}."
            yield AtMost(window.after, length - short_by, "padding", "padding", hint)
        padded = length + window.before + window.after
        span = window.dilation * (window.kernel_size - 1) + 1
        yield AtLeast(padded, span, f"the padded {name}", "kernel_size", f"The kernel spans {span}.")


@dataclass(frozen=True)
class _ConvTranspose(_AnyConvolution):
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
        return tuple(Window(*window) for window in zip(*map(self.each, names), strict=True))

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.in_channels, self.out_channels // self.groups, *self.kernel)}
        return weight | ({"bias": (self.out_channels,)} if self.bias else {})

    def lengths(self, shape: Shape) -> Shape:
        return tuple(
            formulas.transposed_length(
                length,
                window.kernel_size,
                window.stride,
                window.before + window.after,
                window.output_padding,
                window.dilation,
            )
            for length, window in zip(shape[-self.spatial :], self.windows, strict=True)
        )

    def taps(self, shape: Shape, lengths: Shape) -> tuple[Size, Size]:
        """At input positions; those on real data are the ones that `padding` does not crop away."""
        positions = shape[-self.spatial :]
        taps = formulas.elements(positions) * formulas.elements(self.kernel)
        return taps, _valid_taps(lengths, positions, self.windows)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """Over input positions: each input element is spread over taps of the output."""
        return (
            ("sample", formulas.elements(shape[: -self.spatial - 1])),
            ("in_channel", self.in_channels),
            *zip(POSITIONS[self.spatial], shape[-self.spatial :], strict=True),
            ("out_channel", self.out_channels // self.groups),
            *zip(TAPS[self.spatial], self.kernel, strict=True),
        )

    def length_formulas(self, shape: Shape) -> tuple[str, ...]:
        facts = zip(self.names, shape[-self.spatial :], self.windows, self.lengths(shape), strict=True)
        return tuple(
            f"{name}_out = ({length} − 1)·{window.stride} − 2·{window.before} + {window.dilation}·"
            f"({window.kernel_size} − 1) + {window.output_padding} + 1 = {out}"
            for name, length, window, out in facts
        )

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(0, padding=self.padding, output_padding=self.output_padding)
        yield from super().requirements(shape)
        for window in self.windows:
            largest = formulas.larger(window.stride, window.dilation) - 1
            hint = "output_padding has to be smaller than the stride or the dilation."
            yield AtMost(window.output_padding, largest, "output_padding", "output_padding", hint)
        for name, length in zip(self.names, self.lengths(shape), strict=True):
            yield AtLeast(length, 1, f"the output's {name}", "padding")
        yield from bearable(self.output(shape))


def _valid_taps(data: Shape, positions: Shape, windows: tuple[Window, ...]) -> Size:
    """The taps that meet `data`, over all dimensions: those of each, multiplied."""
    return formulas.elements(
        tuple(
            formulas.valid_taps(
                length, count, window.kernel_size, window.stride, window.before, window.dilation
            )
            for length, count, window in zip(data, positions, windows, strict=True)
        )
    )


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


class ConvTranspose1d(_ConvTranspose):
    """The gradient of Conv1d by its input: [batch, channels, length], upsampled."""

    spatial = 1
    inferred_input = ("B*S", "in_channels", "L")


class ConvTranspose2d(_ConvTranspose):
    """The gradient of Conv2d by its input."""

    spatial = 2
    inferred_input = ("B", "in_channels", "H", "W")


class ConvTranspose3d(_ConvTranspose):
    """The gradient of Conv3d by its input."""

    spatial = 3
    inferred_input = ("B", "in_channels", "D", "H", "W")
