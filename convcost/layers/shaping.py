"""Layers that compute nothing at evaluation: Dropout and its kin, Flatten, Unflatten, Identity."""

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
    """The input."""


@dataclass(frozen=True, repr=False)
class _Dropout(Layer):
    """Nothing at evaluation, as which designs are counted; a module in training is counted as it runs."""

    p: float = 0.5
    inplace: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield probability(self.p, "p")

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """What is drawn; with p = 0 nothing is done, with p = 1 the input is multiplied by a single zero."""
        if self.p == 0:
            return SavedTensors()
        return SavedTensors(elements=1) if self.p == 1 else self._mask(shape)

    def _mask(self, shape: Shape) -> SavedTensors:
        """A factor for each channel of each sample."""
        return SavedTensors(elements=shape[0] * shape[1])

    def shares_memory(self, training: bool) -> bool:
        return not training or self.p == 0 or self.inplace


class Dropout(_Dropout):
    """Drops single elements in training."""

    def _mask(self, shape: Shape) -> SavedTensors:
        """A byte for each element, as on CUDA; on the CPU it is a factor of the dtype."""
        return SavedTensors(masks=arithmetic.elements(shape))


class Dropout1d(_Dropout):
    """Drops channels of [batch, channels, length] in training."""

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield from super().requirements(shape)
        yield Rank(shape, (2, 3), "[batch, channels, length] or the same without batch")

    def _mask(self, shape: Shape) -> SavedTensors:
        return SavedTensors(elements=arithmetic.elements(shape[:-1]))


class Dropout2d(_Dropout):
    """Drops channels of [batch, channels, height, width] in training."""


class Dropout3d(_Dropout):
    """Drops channels of [batch, channels, depth, height, width] in training."""

    def _mask(self, shape: Shape) -> SavedTensors:
        """Without all five dimensions torch takes none of them for the batch, as it does in Dropout2d."""
        return SavedTensors(elements=arithmetic.elements(shape[:2]) if len(shape) == 5 else shape[0])


class _AlphaDropoutBase(_Dropout):
    """Torch's module takes `inplace`, and does nothing with it."""

    def shares_memory(self, training: bool) -> bool:
        return not training or self.p == 0


class AlphaDropout(_AlphaDropoutBase):
    """Dropout that keeps mean and variance."""

    def _mask(self, shape: Shape) -> SavedTensors:
        return SavedTensors(elements=arithmetic.elements(shape))


class FeatureAlphaDropout(_AlphaDropoutBase):
    """AlphaDropout of whole channels."""


@dataclass(frozen=True, repr=False)
class Flatten(ViewLayer):
    """Merges the dimensions `start_dim` to `end_dim` into one."""

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
    """Splits dimension `dim` into `unflattened_size`, one of which may be −1."""

    example_arguments = "1, (-1, 2)"

    dim: int
    unflattened_size: tuple[int, ...]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        given = self._given()
        message = f"unflattened_size is {self.unflattened_size}; one -1 at most is possible"
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
