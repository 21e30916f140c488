"""Padding layers: constants or copies of the input's own values around it. They compute nothing.

`padding` is as torch takes it: one size for all sides, or a pair for the last dimension (before, after), then
a pair for the dimension in front of it. A negative size crops.
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
    """Adds to both ends of each of the last `spatial` dimensions."""

    padding: Sizes

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield self.rank(shape)
        for length, before, after in self._sides(shape):
            yield from self._fits(length, before)
            yield from self._fits(length, after)
            yield AtLeast(length + before + after, 1, "the padded length", argument="padding")
        yield from tensor_limits(self.output(shape))

    def _fits(self, length: Size, padding: Size) -> Iterator[Requirement]:
        """What one side's padding needs of the length that it is taken from."""
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
        """Nothing: the gradient is the part of the output's that is not padding."""
        return SavedTensors()

    def _sides(self, shape: Shape) -> tuple[tuple[Size, Size, Size], ...]:
        """Each spatial dimension's length, with the padding before and after it."""
        sizes = per_dimension(self.padding, self.tuple_length, "padding")
        pairs = zip(sizes[::2], sizes[1::2], strict=True)
        lengths = shape[-self.spatial :]
        return tuple(
            (length, before, after) for length, (before, after) in zip(lengths, [*pairs][::-1], strict=True)
        )


class _AnyRank(_Padding):
    """Constants, which torch writes around any number of dimensions."""

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
    """Copies of the input's own values, to which the gradients of the copies are added up."""

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """A sum for each element of the output."""
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
        yield AtMost(padding, length, "padding", "padding", "A circular padding can wrap around only once.")


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
    """`value` around the length."""


class ConstantPad2d(_TwoDimensions, _Constant):
    """`value` around height and width."""


class ConstantPad3d(_ThreeDimensions, _Constant):
    """`value` around depth, height and width."""


class ZeroPad1d(_OneDimension, _Zero):
    """Zeros around the length."""


class ZeroPad2d(_TwoDimensions, _Zero):
    """Zeros around height and width."""


class ZeroPad3d(_ThreeDimensions, _Zero):
    """Zeros around depth, height and width."""


class ReflectionPad1d(_OneDimension, _Reflection):
    """The input mirrored at both ends of the length."""


class ReflectionPad2d(_TwoDimensions, _Reflection):
    """The input mirrored at the edges of height and width."""


class ReflectionPad3d(_ThreeDimensions, _Reflection):
    """The input mirrored at the faces of depth, height and width."""


class ReplicationPad1d(_OneDimension, _Replication):
    """The first and the last value repeated."""


class ReplicationPad2d(_TwoDimensions, _Replication):
    """The values at the edges of height and width repeated."""


class ReplicationPad3d(_ThreeDimensions, _Replication):
    """The values at the faces of depth, height and width repeated."""


class CircularPad1d(_OneDimension, _Circular):
    """The other end of the length."""


class CircularPad2d(_TwoDimensions, _Circular):
    """The opposite edges of height and width."""


class CircularPad3d(_ThreeDimensions, _Circular):
    """The opposite faces of depth, height and width."""
