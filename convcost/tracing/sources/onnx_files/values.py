"""The values in a graph: torch tensors, and small tensors with known elements, such as shapes.

A graph computes sizes by the same operators as data: Shape, Gather, Concat. If all elements are known, NumPy
computes them, on Python numbers and torch's symbolic sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeGuard

import numpy
import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.graph import OnnxTensor

Elements = numpy.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class KnownTensor:
    """A tensor with known elements, in an array of objects: numbers or open sizes."""

    elements: Elements
    dtype: torch.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return tuple(self.elements.shape)

    @property
    def numbers(self) -> list[Any]:
        """Its elements, in order."""
        return list(self.elements.reshape(-1))

    def reshaped(self, shape: tuple[int, ...]) -> KnownTensor:
        """The same elements in another shape."""
        return replace(self, elements=self.elements.reshape(shape))


Value = Any
"""A torch.Tensor, a KnownTensor, or a list of them for a sequence; None for an omitted input."""


def is_known(value: Value) -> TypeGuard[KnownTensor]:
    """Whether its elements are known."""
    return isinstance(value, KnownTensor)


def known_tensor(numbers: Iterable[Any], dtype: torch.dtype = torch.int64) -> KnownTensor:
    """The vector of `numbers`."""
    listed = list(numbers)
    elements = numpy.empty(len(listed), dtype=object)
    for place, number in enumerate(listed):  # numpy.array would convert open sizes to numbers
        elements[place] = number
    return KnownTensor(elements, dtype)


def constant(stored: OnnxTensor) -> Value:
    """A stored tensor as a KnownTensor if its values were read, else as a torch tensor of its shape."""
    if not stored.dtype:
        raise UsageError(f"the tensor {stored.name} has a dtype that torch does not support")
    dtype = getattr(torch, stored.dtype)
    if stored.values is None:
        return torch.zeros(stored.shape, dtype=dtype)
    kind = complex if dtype.is_complex else float if dtype.is_floating_point else int
    kind = bool if dtype is torch.bool else kind
    return known_tensor(map(kind, stored.values.reshape(-1).tolist()), dtype).reshaped(stored.shape)


def as_tensor(value: Value) -> torch.Tensor:
    """The value as a torch tensor. Open sizes as elements become zeros, since no cost depends on them."""
    if not is_known(value):
        return value  # type: ignore[no-any-return]
    if all(isinstance(number, int | float | complex) for number in value.numbers):
        return torch.tensor(value.elements.tolist(), dtype=value.dtype).reshape(value.shape)
    return torch.zeros(value.shape, dtype=value.dtype)


class NodeCall(NamedTuple):
    """A call of an operator, with its number of outputs.

    Its methods take the index of an input.
    """

    op: str
    inputs: Sequence[Value]
    attributes: Mapping[str, Any]
    outputs: int

    def has(self, place: int) -> bool:
        """Whether this input is given."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def tensor(self, place: int) -> torch.Tensor:
        """The input as a tensor; UsageError if it is missing."""
        if not self.has(place):
            raise UsageError(f"it has no input {place + 1}")
        return as_tensor(self.inputs[place])

    def optional(self, place: int) -> torch.Tensor | None:
        """The input as a tensor; None if it is missing."""
        return self.tensor(place) if self.has(place) else None

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All inputs as tensors."""
        return [self.tensor(place) for place in range(len(self.inputs))]

    def get(self, name: str, default: Any = None) -> Any:
        """The attribute called `name`."""
        value = self.attributes.get(name)
        return default if value is None else value

    def numbers(self, place: int) -> list[Any]:
        """The known elements of an input; UsageError if they depend on data."""
        if not self.has(place):
            raise UsageError(f"it has no input {place + 1}")
        value = self.inputs[place]
        if not is_known(value):
            raise UsageError(f"its input {place + 1} depends on data, so its output shape is unknown")
        return value.numbers

    def optional_numbers(self, place: int, attribute: str = "") -> list[Any] | None:
        """The known elements of an input, or of an attribute instead; None if there is neither."""
        if self.has(place):
            return self.numbers(place)
        value = self.get(attribute)
        return None if value is None else list(value)


larger: Any = torch.sym_max

smaller: Any = torch.sym_min

sym_float: Any = torch.sym_float

sym_int: Any = torch.sym_int


def convert_number(number: Any, dtype: torch.dtype) -> Any:
    """`number` converted to `dtype`: conversion to an integer truncates."""
    if dtype is torch.bool:
        return bool(number)
    if dtype.is_complex:
        return complex(number)
    if dtype.is_floating_point:
        return sym_float(number) if isinstance(number, torch.SymInt) else float(number)
    if isinstance(number, torch.SymInt | torch.SymFloat):
        return sym_int(number)
    return int(number)
