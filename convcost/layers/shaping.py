"""Layers without arithmetic in evaluation mode: Dropout and its variants, Flatten, Unflatten, Identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Equals, Rank, Requirement
from convcost.core.cost import Shape
from convcost.layers.interface import (
    Layer,
    SavedTensors,
    ViewLayer,
    at_least,
    has_dimension,
    probability,
    tensor_limits,
)


@dataclass(frozen=True, repr=False)
class Identity(ViewLayer):
    """Returns its input."""


@dataclass(frozen=True, repr=False)
class _Dropout(Layer):
    """Does nothing in evaluation mode, in which designs are counted."""

    p: float = 0.5
    inplace: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield probability(self.p, "p")

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The random mask; nothing for p = 0, and a single zero for p = 1."""
        if self.p == 0:
            return SavedTensors()
        return SavedTensors(elements=1) if self.p == 1 else self._mask(shape)

    def _mask(self, shape: Shape) -> SavedTensors:
        """One factor per channel and sample."""
        return SavedTensors(elements=shape[0] * shape[1])

    def shares_memory(self, training: bool) -> bool:
        return not training or self.p == 0 or self.inplace


class Dropout(_Dropout):
    """Drops single elements during training."""

    def _mask(self, shape: Shape) -> SavedTensors:
        """A byte per element, as on CUDA; the CPU saves a factor of the dtype."""
        return SavedTensors(masks=arithmetic.elements(shape))


class Dropout1d(_Dropout):
    """Drops channels of [batch, channels, length] during training."""

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield from super().requirements(shape)
        yield Rank(shape, (2, 3), "[batch, channels, length] or the same without batch")

    def _mask(self, shape: Shape) -> SavedTensors:
        return SavedTensors(elements=arithmetic.elements(shape[:-1]))


class Dropout2d(_Dropout):
    """Drops channels of [batch, channels, height, width] during training."""


class Dropout3d(_Dropout):
    """Drops channels of [batch, channels, depth, height, width] during training."""

    def _mask(self, shape: Shape) -> SavedTensors:
        """With fewer than five dimensions, torch assumes no batch dimension, unlike in Dropout2d."""
        return SavedTensors(elements=arithmetic.elements(shape[:2]) if len(shape) == 5 else shape[0])


class _AlphaDropoutBase(_Dropout):
    """A dropout whose module in torch ignores `inplace`."""

    def shares_memory(self, training: bool) -> bool:
        return not training or self.p == 0


class AlphaDropout(_AlphaDropoutBase):
    """Dropout that preserves mean and variance."""

    def _mask(self, shape: Shape) -> SavedTensors:
        return SavedTensors(elements=arithmetic.elements(shape))


class FeatureAlphaDropout(_AlphaDropoutBase):
    """AlphaDropout of entire channels."""


@dataclass(frozen=True, repr=False)
class Flatten(ViewLayer):
    """Merges dimensions `start_dim` to `end_dim` into one."""

    start_dim: int = 1
    end_dim: int = -1

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for argument in ("start_dim", "end_dim"):
            yield has_dimension(shape, getattr(self, argument), argument)
        first, last = self._range(shape)
        what = "the number of dimensions from start_dim to end_dim"
        yield at_least(1, **{what: last - first + 1})
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        first, last = self._range(shape)
        return (*shape[:first], arithmetic.elements(shape[first : last + 1]), *shape[last + 1 :])

    def _range(self, shape: Shape) -> tuple[int, int]:
        return self.start_dim % len(shape), self.end_dim % len(shape)


@dataclass(frozen=True, repr=False)
class Unflatten(ViewLayer):
    """Splits dimension `dim` into the sizes `unflattened_size`; one may be −1."""

    example_arguments = "1, (-1, 2)"

    dim: int
    unflattened_size: tuple[int, ...]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        given = self._given()
        message = f"unflattened_size is {self.unflattened_size}; at most one size can be -1"
        yield ArgumentCheck(len(self.unflattened_size) - len(given) <= 1, message, "unflattened_size")
        yield at_least(1, unflattened_size=given)
        yield Equals(
            arithmetic.elements(self._sizes(shape)),
            shape[self.dim],
            "the product of unflattened_size",
            f"dimension {self.dim}",
            argument="unflattened_size",
        )
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        dim = self.dim % len(shape)
        return (*shape[:dim], *self._sizes(shape), *shape[dim + 1 :])

    def _sizes(self, shape: Shape) -> Shape:
        rest = shape[self.dim] // arithmetic.elements(self._given())
        return tuple(rest if size == -1 else size for size in self.unflattened_size)

    def _given(self) -> Shape:
        return tuple(size for size in self.unflattened_size if size != -1)
