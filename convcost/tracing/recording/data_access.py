"""Reads of tensor data by a model: values as Python numbers, and memory that other code can access."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import compress, repeat
from operator import is_
from typing import Any
from weakref import ref

import torch

from convcost.core.report import Report
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import storage_id, tensors
from convcost.tracing.user_error import error_text

VALUE_METHODS = (
    *("item", "__bool__", "__int__", "__float__", "__index__", "__complex__", "__contains__"),
    *("__reduce_ex__", "share_memory_"),
)
"""Tensor methods that return a number, or need real memory."""

STORAGE_METHODS = ("untyped_storage", "storage")

MEMORY_METHODS = ("numpy", "__array__", "tolist", "__dlpack__", "data_ptr", *STORAGE_METHODS)
"""Tensor methods that give code outside torch access to the whole tensor."""

ELEMENT_METHODS = ("apply_", "map_", "map2_")
"""Tensor methods that call a Python function for each element."""

GRADIENT_ATTRIBUTES = ("requires_grad", "grad_fn")
"""Attributes by which a model can see whether gradients are recorded."""

UNINITIALIZED = frozenset(
    ("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided")
)

SHAPE_ONLY = UNINITIALIZED | {
    "zeros_like",
    "ones_like",
    "full_like",
    "rand_like",
    "randn_like",
    "detach",
    "alias",
}
"""Operators that don't read the values of their argument, by ATen's names."""

INTERNAL_MODULES = ("convcost.", "torch.overrides", "torch._tensor")
"""Modules that may be on the call stack between a read and the code that asked for it."""

PYTHON = "python"
"""The namespace for work outside torch in lists of uncounted operators."""

NEEDS_DATA = "the model needs its values, and a run on shapes has none"

OUTSIDE_TORCH = "work outside torch is not counted"
"""The reason for an uncounted call."""


class DataNeededError(NotImplementedError):
    """The model reads the values of a tensor in a run on shapes."""


class GradientsNeededError(NotImplementedError):
    """The model asks for a gradient in a run without gradients."""


class ShapeRunReads:
    """Handles reads in a run on shapes: they raise an error, which the model may catch.

    Small constants do have data. If other code computes with them, only a run on data shows it.
    """

    def __init__(self, tape: Tape, has_gradients: bool = False, zeros: Iterable[torch.Tensor] = ()) -> None:
        self._tape = tape
        self._has_gradients = has_gradients
        self._zeros = {storage_id(tensor): tensor for tensor in zeros}
        self.lacks_data = False
        """Whether the model read something that needs data."""
        self.reads_zeros = False
        """Whether the model read values that depend on inputs of `zeros`."""
        self.follows_operators = bool(self._zeros)
        """Whether `note_operator` is to be called."""

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Call `function`, which reads a tensor; DataNeededError if the tensor has no data."""
        tensor, name = args[0], function.__name__
        if name in STORAGE_METHODS and not _is_asked_by_model():
            return function(*args, **kwargs)
        if function in _gradient_readers():
            return self._read_gradient(function(*args))
        self.reads_zeros = self.reads_zeros or self._is_of_zeros(tensor)
        if name in ELEMENT_METHODS or tensor.is_meta or (name in MEMORY_METHODS and _has_numbers(tensor)):
            self._note(f"{PYTHON}::{name}", args)
        if tensor.is_meta:
            raise DataNeededError(f"Tensor.{name} needs data, which a run on shapes does not have")
        return function(*args, **kwargs)

    def _read_gradient(self, found: Any) -> Any:
        """`found`; GradientsNeededError if it would be different in a run with gradients."""
        if not found and not self._has_gradients and torch.is_grad_enabled() and _is_asked_by_model():
            raise GradientsNeededError("the model checks whether a tensor requires grad")
        return found

    def note_failure(self, name: str, arguments: dict[str, Any], error: Exception) -> None:
        """Note that an operator raised `error`, maybe because it needs data."""
        text = error_text(error).lower()
        if isinstance(error, NotImplementedError) or "meta" in text or "data" in text:
            self._note(name, arguments)

    def note_operator(
        self, name: str, inputs: list[torch.Tensor], written: list[torch.Tensor], outputs: list[Any]
    ) -> None:
        """Note that the results of an operator on zeros depend on them."""
        if name not in SHAPE_ONLY and any(map(self._is_of_zeros, inputs)):
            results = (*written, *(each for each in outputs if isinstance(each, torch.Tensor)))
            self._zeros |= {storage_id(tensor): tensor for tensor in results if not tensor.is_meta}

    def _is_of_zeros(self, tensor: torch.Tensor) -> bool:
        """Whether the values of a tensor depend on zeros in place of an input."""
        return self.follows_operators and not tensor.is_meta and storage_id(tensor) in self._zeros

    def close(self, _: Any) -> None:
        """Ignored: the model returned."""

    def _note(self, name: str, arguments: Any) -> None:
        self.lacks_data = True
        self._tape.note_uncounted(name, arguments, NEEDS_DATA)


@dataclass
class SharedMemory:
    """A tensor whose memory other code can access.

    Attributes:
        name: The method that gave access.
        tensor: The tensor.
        before: Its values as torch last wrote them.
    """

    name: str
    tensor: torch.Tensor
    before: torch.Tensor


class DataRunReads:
    """Handles reads in a run on data, and detects work outside torch.

    Such work shows when its results come back: in a tensor that no operator made, in an uninitialized tensor
    that no operator wrote to, or in a tensor whose values changed although no operator wrote to it.
    """

    lacks_data = False
    reads_zeros = False
    follows_operators = True
    """Whether `note_operator` is to be called."""

    def __init__(self, tape: Tape, known: Iterable[torch.Tensor]) -> None:
        self._tape = tape
        self._known: dict[int, ref[Any]] = {}
        self._uninitialized: set[int] = set()
        self._reads: list[tuple[str, Any]] = []
        self._shared: list[SharedMemory] = []
        for tensor in known:
            self._mark_known(tensor)

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Call `function`, which reads a tensor, and note the read."""
        tensor, name = args[0], f"{PYTHON}::{function.__name__}"
        if function.__name__ in ELEMENT_METHODS:
            self._tape.note_uncounted(name, args, OUTSIDE_TORCH)
        elif function.__name__ in MEMORY_METHODS and _has_numbers(tensor):
            if function.__name__ in STORAGE_METHODS and not _is_asked_by_model():
                return function(*args, **kwargs)
            if not self._reads:
                self._mark_all_known()
            self._reads.append((name, (tensor,)))
            self._shared.append(SharedMemory(name, tensor, tensor.detach().clone()))
        return function(*args, **kwargs)

    def note_failure(self, *_: Any) -> None:
        """Ignored: the error is the user's own."""

    def note_operator(
        self, name: str, inputs: list[torch.Tensor], written: list[torch.Tensor], outputs: list[Any]
    ) -> None:
        """Note that the operator `name` ran on `inputs`, and wrote to some of them."""
        for tensor in written:
            self._mark_known(tensor)
            for shared in self._shared:
                if _is_within(tensor, shared.tensor):
                    shared.before = shared.tensor.detach().clone()
        if name not in SHAPE_ONLY:
            for tensor in inputs:
                self._check_origin(tensor)
        for tensor in outputs:
            is_new = storage_id(tensor) not in self._known
            self._mark_known(tensor)
            if is_new and name in UNINITIALIZED:
                self._uninitialized.add(storage_id(tensor))

    def close(self, output: Any) -> None:
        """Check the model's `output`, and all shared memory, for results of work outside torch."""
        for tensor in tensors(output):
            self._check_origin(tensor)
        for shared in self._shared:
            if not _equal_values(shared.tensor, shared.before):
                self._tape.note_uncounted(shared.name, (shared.tensor,), OUTSIDE_TORCH)
        self._known.clear()

    def _check_origin(self, tensor: torch.Tensor) -> None:
        number = storage_id(tensor)
        if number in self._known and number not in self._uninitialized:
            return
        if _has_numbers(tensor):
            if number in self._uninitialized:
                self._tape.note_uncounted(f"{PYTHON}::uninitialized", (tensor,), OUTSIDE_TORCH)
            elif self._reads and not any(_is_within(tensor, shared.tensor) for shared in self._shared):
                self._tape.note_uncounted(*self._reads[-1], OUTSIDE_TORCH)
        self._mark_known(tensor)

    def _mark_all_known(self) -> None:
        """Mark all tensors that exist before the first read: their values don't depend on it."""
        existing = gc.get_objects()
        for kind in (torch.Tensor, torch.nn.Parameter):
            # Among millions of objects; without hash and equality of types, which users can define.
            for tensor in compress(existing, map(is_, map(type, existing), repeat(kind))):
                with suppress(NotImplementedError, RuntimeError):  # inside vmap, tensors have no memory
                    self._mark_known(tensor)

    def _mark_known(self, tensor: torch.Tensor) -> None:
        number = storage_id(tensor)
        self._uninitialized.discard(number)
        if number not in self._known:
            memory = tensor.untyped_storage() if tensor.layout is torch.strided else tensor
            self._known[number] = ref(memory, partial(self._forget, number))

    def _forget(self, number: int, _: Any) -> None:
        self._known.pop(number, None)
        self._uninitialized.discard(number)


def _has_numbers(tensor: torch.Tensor) -> bool:
    """Whether it holds floating-point data itself. A jagged tensor holds it in another tensor."""
    is_number = tensor.is_floating_point() or tensor.is_complex()
    return is_number and tensor.numel() > 1 and not (tensor.is_meta or tensor.is_nested)


def _is_within(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether `tensor` is in the memory of `other`."""
    if not tensor.layout is other.layout is torch.strided:
        return tensor is other
    memory = other.untyped_storage()
    return 0 <= tensor.untyped_storage().data_ptr() - memory.data_ptr() < max(memory.nbytes(), 1)


def _is_asked_by_model() -> bool:
    """Whether the caller is not torch itself, which reads tensors for its own purposes."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].startswith(INTERNAL_MODULES):
        frame = frame.f_back
    name = frame.f_globals["__name__"]
    return not name.startswith("torch.") or name == "torch.autograd.functional"


def _equal_values(first: torch.Tensor, second: torch.Tensor) -> bool:
    return torch.equal(torch.nan_to_num(first.detach()), torch.nan_to_num(second))


@cache
def data_readers() -> frozenset[Any]:
    """The functions that read a tensor's data, or whether it has a gradient."""
    names = VALUE_METHODS + MEMORY_METHODS + ELEMENT_METHODS
    return _gradient_readers().union(getattr(torch.Tensor, name) for name in names)


@cache
def _gradient_readers() -> frozenset[Any]:
    return frozenset(getattr(torch.Tensor, name).__get__ for name in GRADIENT_ATTRIBUTES)


def needs_data(report: Report) -> bool:
    """Whether the model asked for values that the run did not have."""
    return report.trace is not None and any(missed.reason == NEEDS_DATA for missed in report.trace.uncounted)
