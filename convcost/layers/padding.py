"""Padding layers: add constants or copies of values around the input. They do no arithmetic.

`padding` is one size for all sides, or pairs (before, after) starting with the last dimension, as in torch.
A negative size crops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, AtMost, Rank, Requirement
from convcost.core.cost import Shape, Size
from convcost.layers.interface import (
    INFERRED_INPUT,
    MOST_DIMENSIONS,
    SPATIAL_NAMES,
    SavedTensors,
    Sizes,
    SpatialLayer,
    per_dimension,
    tensor_limits,
)


class _Padding(SpatialLayer):
    """Pads both ends of each of the last `spatial` dimensions."""

    padding: Sizes

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield self.rank(shape)
        for length, before, after in self._sides(shape):
            yield from self._fits(length, before)
            yield from self._fits(length, after)
            yield AtLeast(length + before + after, 1, "the padded length", argument="padding")
        yield from tensor_limits(self.output(shape))

    def _fits(self, length: Size, padding: Size) -> Iterator[Requirement]:
        """Requirements of one side's padding on the length."""
        yield from ()

    def output(self, shape: Shape) -> Shape:
        padded = (length + before + after for length, before, after in self._sides(shape))
        return (*shape[: -self.spatial], *padded)

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        names = SPATIAL_NAMES[self.spatial]
        return tuple(
            (f"{name}_out", "{} + {} + {}", sides)
            for name, sides in zip(names, self._sides(shape), strict=True)
        )

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """Nothing: the gradient is that of the output, without the padding."""
        return SavedTensors()

    def _sides(self, shape: Shape) -> tuple[tuple[Size, Size, Size], ...]:
        """For each spatial dimension: the length, and the padding before and after it."""
        sizes = per_dimension(self.padding, self.tuple_length, "padding")
        pairs = zip(sizes[::2], sizes[1::2], strict=True)
        lengths = shape[-self.spatial :]
        return tuple(
            (length, before, after) for length, (before, after) in zip(lengths, [*pairs][::-1], strict=True)
        )


class _AnyRank(_Padding):
    """Padding with constants, which torch allows for any rank."""

    def rank(self, shape: Shape, hint: str = "") -> Requirement:
        wanted = f"[..., {', '.join(SPATIAL_NAMES[self.spatial])}]"
        return Rank(shape, tuple(range(self.spatial, MOST_DIMENSIONS + 1)), wanted, hint)

    def _fits(self, length: Size, padding: Size) -> Iterator[Requirement]:
        yield AtLeast(padding, -length, "padding", argument="padding")


@dataclass(frozen=True)
class _Constant(_AnyRank):
    padding: Sizes
    value: float


@dataclass(frozen=True)
class _Zero(_AnyRank):
    padding: Sizes


class _CopyPadding(_Padding):
    """Padding with copies of values, whose gradients are added to those of the source."""

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """A sum per output element."""
        return arithmetic.elements(self.output(shape))


@dataclass(frozen=True)
class _Reflection(_CopyPadding):
    padding: Sizes

    def _fits(self, length: Size, padding: Size) -> Iterator[Requirement]:
        hint = "A reflection does not repeat the edge value."
        yield AtMost(padding, length - 1, "padding", "padding", hint)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)


@dataclass(frozen=True)
class _Replication(_CopyPadding):
    padding: Sizes

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)


@dataclass(frozen=True)
class _Circular(_CopyPadding):
    padding: Sizes

    def _fits(self, length: Size, padding: Size) -> Iterator[Requirement]:
        yield AtMost(padding, length, "padding", "padding", "Circular padding can wrap around only once.")


class _OneDimension:
    spatial = 1
    tuple_length = 2
    inferred_input = INFERRED_INPUT[1]


class _TwoDimensions:
    spatial = 2
    tuple_length = 4
    inferred_input = INFERRED_INPUT[2]


class _ThreeDimensions:
    spatial = 3
    tuple_length = 6
    inferred_input = INFERRED_INPUT[3]


class ConstantPad1d(_OneDimension, _Constant):
    """Pads the length with `value`."""


class ConstantPad2d(_TwoDimensions, _Constant):
    """Pads height and width with `value`."""


class ConstantPad3d(_ThreeDimensions, _Constant):
    """Pads depth, height and width with `value`."""


class ZeroPad1d(_OneDimension, _Zero):
    """Pads the length with zeros."""


class ZeroPad2d(_TwoDimensions, _Zero):
    """Pads height and width with zeros."""


class ZeroPad3d(_ThreeDimensions, _Zero):
    """Pads depth, height and width with zeros."""


class ReflectionPad1d(_OneDimension, _Reflection):
    """Pads the length with a reflection of the input."""


class ReflectionPad2d(_TwoDimensions, _Reflection):
    """Pads height and width with a reflection of the input."""


class ReflectionPad3d(_ThreeDimensions, _Reflection):
    """Pads depth, height and width with a reflection of the input."""


class ReplicationPad1d(_OneDimension, _Replication):
    """Pads the length by repeating the first and the last value."""


class ReplicationPad2d(_TwoDimensions, _Replication):
    """Pads height and width by repeating the edge values."""


class ReplicationPad3d(_ThreeDimensions, _Replication):
    """Pads depth, height and width by repeating the outermost values."""


class CircularPad1d(_OneDimension, _Circular):
    """Pads the length with values from the opposite end."""


class CircularPad2d(_TwoDimensions, _Circular):
    """Pads height and width with values from the opposite edges."""


class CircularPad3d(_ThreeDimensions, _Circular):
    """Pads depth, height and width with values from the opposite faces."""
