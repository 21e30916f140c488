"""Ranges of integers in tensors made by torch.arange, to check indices without data.

torch raises an error for an index out of range only if it has data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple
from weakref import ref

import torch

from convcost.tracing.tensors import tensors

TO_THE_END = 2**63 - 1
"""The `end` of slices that have no end."""

REARRANGING: tuple[str, ...] = (
    "alias",
    "clone",
    "detach",
    "expand",
    "flip",
    "permute",
    "repeat",
    "squeeze",
    "t",
    "transpose",
    *("_to_copy", "_unsafe_view", "unsqueeze", "view"),
)
"""Operators that only rearrange or repeat elements."""


class IndexRange(NamedTuple):
    """The smallest and the largest element of a tensor."""

    least: Any
    most: Any


class IndexRanges:
    """Tensors with known ranges of elements."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[ref[torch.Tensor], IndexRange]] = {}
        self.changes = 0
        """The number of changes so far."""

    def has(self, tensor: Any) -> bool:
        """Whether the range of the tensor's elements is known."""
        return self._range_in(tensor) is not None

    def check(self, name: str, args: Any) -> None:
        """IndexError if the operator `name` would index its first argument out of range."""
        for dimension, index, are_negative_allowed in _lookups(name, args):
            index_range = self.range_of(index)
            if index_range:
                length = args[0].shape[dimension]
                if index_range.most >= length:
                    raise IndexError(f"index {index_range.most} is out of range for {length} rows")
                if index_range.least < (-length if are_negative_allowed else 0):
                    raise IndexError(f"index {index_range.least} is out of range for {length} rows")

    def follow(self, overload: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Note the range of an operator's `output`. If it writes to a known tensor, forget all ranges."""
        if overload._schema.is_mutable:
            if self._known and any(map(self.has, tensors(args))):
                self._known.clear()
                self.changes += 1
        elif rule := RULES.get(overload._schema.name):
            index_range = rule(self, *args, **kwargs)
            if index_range:
                self._known[id(output)] = ref(output), index_range
                self.changes += 1

    def range_of(self, value: Any) -> IndexRange | None:
        """The range of a tensor, if it is known, or of an integer."""
        if isinstance(value, torch.Tensor):
            return self._range_in(value)
        return IndexRange(value, value) if _is_whole(value) else None

    def _range_in(self, tensor: torch.Tensor) -> IndexRange | None:
        """The known range of its elements. Another tensor can have the id of one that is gone."""
        known, index_range = self._known.get(id(tensor), (None, None))
        return index_range if known and known() is tensor else None


def _lookups(name: str, args: Any) -> Iterator[tuple[int, Any, bool]]:
    """The indexed dimensions of the first argument: dimension, index, and whether it may be negative."""
    match name, args:
        case "aten::embedding", (_, index, *_):
            yield 0, index, False
        case "aten::index_select" | "aten::gather", (_, dimension, index, *_):
            yield dimension, index, False
        case "aten::index", (_, indices, *_):
            for dimension, index in enumerate(indices):
                yield dimension, index, True


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | torch.SymInt) and not isinstance(value, bool)


def _is_of_indices(dtype: Any) -> bool:
    return dtype in (None, torch.int32, torch.int64)


def _arange(_: IndexRanges, *numbers: Any, dtype: Any = None, **__: Any) -> IndexRange | None:
    first, end, step = (0, *numbers, 1) if len(numbers) == 1 else (*numbers, 1)[:3]
    if not (_is_whole(first) and _is_whole(end) and isinstance(step, int) and _is_of_indices(dtype)):
        return None
    last = end - 1 if step == 1 else first + (end - first - (1 if step > 0 else -1)) // step * step
    return IndexRange(first, last) if step > 0 else IndexRange(last, first)


def _same(indices: IndexRanges, tensor: Any, *_: Any, dtype: Any = None, **__: Any) -> IndexRange | None:
    return indices.range_of(tensor) if _is_of_indices(dtype) else None


def _slice(
    indices: IndexRanges, tensor: Any, _: int = 0, start: Any = 0, end: Any = None, step: Any = 1
) -> IndexRange | None:
    are_numbers = all(isinstance(number, int | None) for number in (start, end, step))
    is_whole = are_numbers and not start and end in (None, TO_THE_END) and step == 1
    return indices.range_of(tensor) if is_whole else None


def _add(
    indices: IndexRanges, first: Any, second: Any, *, alpha: Any = 1, signs: tuple[int, int] = (1, 1)
) -> IndexRange | None:
    """The range of the sum, with a sign for each term."""
    one, other = _scale(indices.range_of(first), signs[0]), _scale(indices.range_of(second), signs[1])
    if alpha != 1 or not one or not other or not _are_combined(first, second):
        return None
    return IndexRange(one.least + other.least, one.most + other.most)


def _scale(index_range: IndexRange | None, factor: int) -> IndexRange | None:
    if not index_range or factor == 1:
        return index_range
    least, most = factor * index_range.least, factor * index_range.most
    return IndexRange(least, most) if factor >= 0 else IndexRange(most, least)


def _multiply(indices: IndexRanges, first: Any, second: Any) -> IndexRange | None:
    return _scale(indices.range_of(first), second) if isinstance(second, int) and second >= 0 else None


def _are_combined(first: Any, second: Any) -> bool:
    """Whether every pair of elements is added: along each dimension, one of the two has size 1."""
    shapes = [getattr(value, "shape", ())[::-1] for value in (first, second)]
    return all(
        any(isinstance(size, int) and size == 1 for size in sizes) for sizes in zip(*shapes, strict=False)
    )


RULES: dict[str, Callable[..., IndexRange | None]] = {
    "aten::arange": _arange,
    "aten::slice": _slice,
    "aten::add": _add,
    "aten::sub": partial(_add, signs=(1, -1)),
    "aten::rsub": partial(_add, signs=(-1, 1)),
    "aten::neg": lambda indices, value: _scale(indices.range_of(value), -1),
    "aten::mul": _multiply,
    **{f"aten::{name}": _same for name in REARRANGING},
}
"""Rules by ATen's names."""
