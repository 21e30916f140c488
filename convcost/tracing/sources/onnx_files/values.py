"""The values in a graph: torch's tensors, and small tensors of known elements, such as shapes.

A graph computes with sizes as it does with data: by Shape, Gather and Concat. Where all elements are known,
NumPy computes them, on Python's numbers and torch's open sizes alike.
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
    """A tensor whose elements are known: an array of objects, which are numbers or open sizes."""

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
"""A torch.Tensor, a KnownTensor, or a list of them for a sequence; None for what is not given."""


def is_known(value: Value) -> TypeGuard[KnownTensor]:
    """Whether its elements are known."""
    return isinstance(value, KnownTensor)


def known_tensor(numbers: Iterable[Any], dtype: torch.dtype = torch.int64) -> KnownTensor:
    """The vector of `numbers`."""
    listed = list(numbers)
    elements = numpy.empty(len(listed), dtype=object)
    for place, number in enumerate(listed):  # numpy would ask an open size what it is
        elements[place] = number
    return KnownTensor(elements, dtype)


def constant(stored: OnnxTensor) -> Value:
    """A tensor that a file has: known, or a torch tensor of its shape."""
    if not stored.dtype:
        raise UsageError(f"the tensor {stored.name} has a dtype that torch does not support")
    dtype = getattr(torch, stored.dtype)
    if stored.values is None:
        return torch.zeros(stored.shape, dtype=dtype)
    kind = complex if dtype.is_complex else float if dtype.is_floating_point else int
    kind = bool if dtype is torch.bool else kind
    return known_tensor(map(kind, stored.values.reshape(-1).tolist()), dtype).reshaped(stored.shape)


def as_tensor(value: Value) -> torch.Tensor:
    """A torch tensor of it; elements that are open sizes are lost, as no cost depends on them."""
    if not is_known(value):
        return value  # type: ignore[no-any-return]
    if all(isinstance(number, int | float | complex) for number in value.numbers):
        return torch.tensor(value.elements.tolist(), dtype=value.dtype).reshape(value.shape)
    return torch.zeros(value.shape, dtype=value.dtype)


class NodeCall(NamedTuple):
    """A node that runs: its operator, its inputs, its attributes, and how many outputs it has."""

    op: str
    inputs: Sequence[Value]
    attributes: Mapping[str, Any]
    outputs: int

    def has(self, place: int) -> bool:
        """Whether there is an input at `place`."""
        return place < len(self.inputs) and self.inputs[place] is not None

    def tensor(self, place: int) -> torch.Tensor:
        """The input at `place`."""
        if not self.has(place):
            raise UsageError(f"it has no input {place + 1}")
        return as_tensor(self.inputs[place])

    def optional(self, place: int) -> torch.Tensor | None:
        """The input at `place`; None if there is none."""
        return self.tensor(place) if self.has(place) else None

    @property
    def tensors(self) -> list[torch.Tensor]:
        """All inputs."""
        return [self.tensor(place) for place in range(len(self.inputs))]

    def get(self, name: str, default: Any = None) -> Any:
        """The attribute called so."""
        value = self.attributes.get(name)
        return default if value is None else value

    def numbers(self, place: int) -> list[Any]:
        """The elements of the input at `place`; UsageError where data decides them."""
        if not self.has(place):
            raise UsageError(f"it has no input {place + 1}")
        value = self.inputs[place]
        if not is_known(value):
            raise UsageError(f"data decides its input {place + 1}, so its output shape is unknown")
        return value.numbers

    def optional_numbers(self, place: int, attribute: str = "") -> list[Any] | None:
        """The elements of the input at `place`, or of an attribute; None if there is neither."""
        if self.has(place):
            return self.numbers(place)
        value = self.get(attribute)
        return None if value is None else list(value)


larger: Any = torch.sym_max

smaller: Any = torch.sym_min

sym_float: Any = torch.sym_float

sym_int: Any = torch.sym_int


def converted(number: Any, dtype: torch.dtype) -> Any:
    """`number` as an element of that dtype: an integer, an open one too, is cut off."""
    if dtype is torch.bool:
        return bool(number)
    if dtype.is_complex:
        return complex(number)
    if dtype.is_floating_point:
        return sym_float(number) if isinstance(number, torch.SymInt) else float(number)
    if isinstance(number, torch.SymInt | torch.SymFloat):
        return sym_int(number)
    return int(number)
