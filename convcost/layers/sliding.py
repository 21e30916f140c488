"""Base class of convolutions and transposed convolutions: a kernel that slides along each dimension."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.constraints import AtMost, Divides, Equals, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import SPATIAL_NAMES, Sizes, SpatialLayer, at_least
from convcost.layers.taps import LARGEST_STEP, is_countable, taps_on_data

POSITIONS = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}
TAPS = {1: ("tap",), 2: ("tap_row", "tap_column"), 3: ("tap_slice", "tap_row", "tap_column")}


class Window(NamedTuple):
    """The geometry of a kernel along one dimension, with the padding before and after the data."""

    kernel_size: Size
    stride: Size
    dilation: Size
    before: Size
    after: Size
    output_padding: Size = 0


class SlidingKernel(SpatialLayer):
    """Common arguments, requirements, and the cost by the number of taps."""

    contracts = True
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
        return self.per_dimension("kernel_size")

    def lengths(self, shape: Shape) -> Shape:
        """The spatial sizes of the output."""
        raise NotImplementedError

    def positions(self, shape: Shape, lengths: Shape) -> Shape:
        """The number of kernel positions along each spatial dimension."""
        raise NotImplementedError

    def valid_taps(self, shape: Shape, lengths: Shape) -> Size | None:
        """The taps of one channel pair that read data, over all positions; None without a formula."""
        raise NotImplementedError

    def output(self, shape: Shape) -> Shape:
        return (*shape[: -self.spatial - 1], self.out_channels, *self.lengths(shape))

    def macs(self, shape: Shape) -> Size:
        return self._macs(shape, self._taps(shape, self.lengths(shape)))

    def cost(self, shape: Shape) -> Cost:
        lengths = self.lengths(shape)
        valid = self.valid_taps(shape, lengths)
        return Cost(
            self._macs(shape, self._taps(shape, lengths)),
            None if valid is None else self._macs(shape, valid),
            self._batch(shape) * self.out_channels * arithmetic.elements(lengths) if self.bias else 0,
        )

    def _batch(self, shape: Shape) -> Size:
        return arithmetic.elements(shape[: -self.spatial - 1])

    def _taps(self, shape: Shape, lengths: Shape) -> Size:
        """The taps of one channel pair over all positions."""
        return arithmetic.elements(self.positions(shape, lengths)) * arithmetic.elements(self.kernel)

    def _macs(self, shape: Shape, taps: Size) -> Size:
        channels = self.in_channels, self.out_channels, self.groups
        return arithmetic.convolution_macs(self._batch(shape), *channels, taps)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        names = ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups")
        yield at_least(1, **{name: getattr(self, name) for name in names})
        for name in ("in_channels", "out_channels"):
            yield Divides(self.groups, getattr(self, name), "groups", name, "groups")
        for window in self.windows:
            if not is_countable(*window[:5]):
                yield AtMost(window.dilation, LARGEST_STEP, "dilation with this stride", "dilation")
        yield from self._input_requirements(shape)

    def _input_requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield self.rank(shape, self._rank_hint(shape))
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
            f"Merge the leading dimensions into the batch, followed by the channels: "
            f"x.flatten(0, {surplus}) gives [{merged}, {rest}]."
        )

    def _channel_hint(self, shape: Shape) -> str:
        """A hint for channels in the last dimension, or a missing batch; "" if that depends on open sizes."""
        differs: object = shape[-1] != self.in_channels
        if differs is not False and len(shape) == self.spatial + 1:
            dimensions = ", ".join(map(str, shape))
            return f"[{dimensions}] is read as one sample, [channels, {', '.join(self.names)}]."
        if differs is not False:
            return ""
        lead, last = shape[: -self.spatial - 1], shape[-self.spatial - 1 :]
        permuted = ", ".join(map(str, (*lead, last[-1], *last[:-1])))
        return (
            f"Write {last[0]} as in_channels; or if the channels of the input are last, "
            f"x.movedim(-1, {-self.spatial - 1}) permutes it to [{permuted}]."
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the spatial dimensions."""
        return SPATIAL_NAMES[self.spatial]


def valid_taps(data: Shape, positions: Shape, windows: tuple[Window, ...]) -> Size | None:
    """The taps on `data`: the product over all dimensions; None without a formula."""
    found = (
        taps_on_data(length, count, *window[:5])
        for length, count, window in zip(data, positions, windows, strict=True)
    )
    known = tuple(taps for taps in found if taps is not None)
    return arithmetic.elements(known) if len(known) == len(windows) else None
