"""Functions on one tensor that rearrange or reduce its dimensions, with the names of torch's methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Divides, Equals, NumberNeeded, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import (
    Layer,
    SavedTensors,
    ViewLayer,
    at_least,
    has_dimension,
    tensor_limits,
    without_dimension,
)


@dataclass(frozen=True, repr=False)
class permute(ViewLayer):
    """Reorders the dimensions: permute(0, 2, 1) swaps the last two of three."""

    variadic: ClassVar[str] = "dims"

    dims: tuple[int, ...]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for dim in self.dims:
            yield has_dimension(shape, dim, "dims")
        message = f"dims must have each of the input's {len(shape)} dimensions once"
        yield ArgumentCheck(sorted(self._order(shape)) == [*range(len(shape))], message, "dims")

    def _order(self, shape: Shape) -> list[int]:
        return [dim % len(shape) for dim in self.dims]

    def output(self, shape: Shape) -> Shape:
        return tuple(shape[dim] for dim in self._order(shape))


@dataclass(frozen=True, repr=False)
class transpose(ViewLayer):
    """Swaps two dimensions."""

    dim0: int
    dim1: int

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim0, "dim0")
        yield has_dimension(shape, self.dim1, "dim1")

    def output(self, shape: Shape) -> Shape:
        sizes = list(shape)
        sizes[self.dim0], sizes[self.dim1] = sizes[self.dim1], sizes[self.dim0]
        return tuple(sizes)


@dataclass(frozen=True, repr=False)
class reshape(ViewLayer):
    """Gives the elements another shape. One size may be −1, and is computed from the others."""

    variadic: ClassVar[str] = "shape"

    shape: tuple[int, ...]

    def _known(self) -> Shape:
        return tuple(size for size in self.shape if not _is_open(size))

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        known, elements = self._known(), arithmetic.elements(shape)
        yield ArgumentCheck(len(known) >= len(self.shape) - 1, "-1 occurs more than once", "shape")
        yield at_least(1, shape=known)
        if len(known) < len(self.shape):
            names = "the product of the known sizes", "the number of elements"
            yield Divides(arithmetic.elements(known), elements, *names, "shape")
        else:
            new = arithmetic.elements(self.shape)
            yield Equals(new, elements, "the new number of elements", "that of the input", "shape")
        yield from tensor_limits(self.output(shape))

    def output(self, shape: Shape) -> Shape:
        rest = arithmetic.elements(shape) // arithmetic.elements(self._known())
        return tuple(rest if _is_open(size) else size for size in self.shape)


def _is_open(size: Size) -> bool:
    return isinstance(size, int) and size == -1


@dataclass(frozen=True, repr=False)
class unsqueeze(ViewLayer):
    """Inserts a dimension of size 1 at `dim`."""

    dim: int

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension((*shape, 1), self.dim, "dim")
        yield from tensor_limits((*shape, 1))

    def output(self, shape: Shape) -> Shape:
        place = self.dim % (len(shape) + 1)
        return (*shape[:place], 1, *shape[place:])


@dataclass(frozen=True, repr=False)
class squeeze(ViewLayer):
    """Removes dimension `dim`, which must have size 1."""

    dim: int

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        hint = "torch would leave the dimension in place."
        yield Equals(shape[self.dim], 1, f"dimension {self.dim}", "the size to remove", "dim", hint)

    def output(self, shape: Shape) -> Shape:
        return without_dimension(shape, self.dim)


@dataclass(frozen=True, repr=False)
class select(ViewLayer):
    """Selects `index` of dimension `dim`, and removes that dimension: select(1, 0) is x[:, 0]."""

    dim: int
    index: int

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        if not isinstance(self.index, int):
            yield NumberNeeded(self.index, "index")
        needed = self.index + 1 if self.index >= 0 else -self.index
        yield AtLeast(shape[self.dim], needed, f"dimension {self.dim}", "index")

    def output(self, shape: Shape) -> Shape:
        return without_dimension(shape, self.dim)


@dataclass(frozen=True, repr=False)
class _Reduction(Layer):
    """One operation per input element. Dimension `dim` is removed, or has size 1 with `keepdim`."""

    dim: int | tuple[int, ...]
    keepdim: bool = False

    def _places(self, shape: Shape) -> set[int]:
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        return {dim % len(shape) for dim in dims}

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        dims = self.dim if isinstance(self.dim, tuple) else (self.dim,)
        yield ArgumentCheck(bool(dims), "dim is empty; it must have a dimension", "dim")
        for dim in dims:
            yield has_dimension(shape, dim, "dim")
        yield ArgumentCheck(len(self._places(shape)) == len(dims), "a dimension occurs twice", "dim")

    def output(self, shape: Shape) -> Shape:
        places = self._places(shape)
        sizes = ((1,) * self.keepdim if place in places else (size,) for place, size in enumerate(shape))
        return tuple(size for part in sizes for size in part)

    def cost(self, shape: Shape) -> Cost:
        return Cost(elementwise=arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()


class mean(_Reduction):
    """The mean over dimensions: an addition per input element. The backward pass is a division each."""

    gradient_operations = 1


class sum(_Reduction):
    """The sum over dimensions: an addition per input element."""
