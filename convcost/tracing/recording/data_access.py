"""Where a model leaves torch: it reads the values of a tensor, or hands its memory to other code."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import finalize

import torch

from convcost.core.report import Report
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import storage_id, tensors
from convcost.tracing.user_error import error_text

VALUE_METHODS = (
    *("item", "__bool__", "__int__", "__float__", "__index__", "__complex__", "__contains__"),
    *("__reduce_ex__", "share_memory_"),
)
"""Methods of tensors that yield a number, or need the memory that it is in."""

STORAGE_METHODS = ("untyped_storage", "storage")

MEMORY_METHODS = ("numpy", "__array__", "tolist", "__dlpack__", "data_ptr", *STORAGE_METHODS)
"""Those that hand all of a tensor to code outside torch."""

ELEMENT_METHODS = ("apply_", "map_", "map2_")
"""Those that call a Python function for each element."""

GRADIENT_ATTRIBUTES = ("requires_grad", "grad_fn")
"""Attributes by which a model sees whether there are gradients."""

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
"""Operators that do not look at the values of their argument, by ATen's names."""

INTERNAL_MODULES = ("convcost.", "torch.overrides", "torch._tensor")
"""Modules that stand between a reader and who asks."""

PYTHON = "python"
"""The namespace of work outside torch, where it is named as uncounted."""

NEEDS_DATA = "its values decide what runs, and a run on shapes has none"

OUTSIDE_TORCH = "work outside torch is not counted"
"""Why something is named as uncounted."""


class DataNeededError(NotImplementedError):
    """The values of a tensor are asked for in a run on shapes."""


class GradientsNeededError(NotImplementedError):
    """A tensor is asked for its gradient in a run without."""


class ShapeRunReads:
    """Reads of data in a run on shapes: they raise, which a model may catch.

    Small constants have data; what comes of those outside torch can be told only by a run on data.
    """

    def __init__(self, tape: Tape, has_gradients: bool = False) -> None:
        self._tape = tape
        self._has_gradients = has_gradients
        self.lacks_data = False
        """Whether something was asked for that only data tells."""

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What `function` of a tensor returns; DataNeededError where there is no data."""
        tensor, name = args[0], function.__name__
        if name in STORAGE_METHODS and not _is_asked_by_model():
            return function(*args, **kwargs)
        if function in _gradient_readers():
            return self._read_gradient(function(*args))
        if name in ELEMENT_METHODS or tensor.is_meta or (name in MEMORY_METHODS and _has_numbers(tensor)):
            self._note(f"{PYTHON}::{name}", args)
        if tensor.is_meta:
            raise DataNeededError(f"Tensor.{name} needs data, which a run on shapes does not have")
        return function(*args, **kwargs)

    def _read_gradient(self, found: Any) -> Any:
        """`found`, unless it says that a tensor has no gradient which would have one in the user's run."""
        if not found and not self._has_gradients and torch.is_grad_enabled() and _is_asked_by_model():
            raise GradientsNeededError("the model asks whether a tensor requires grad")
        return found

    def failed(self, name: str, arguments: dict[str, Any], error: Exception) -> None:
        """An operator raised `error`, for want of data perhaps."""
        text = error_text(error).lower()
        if isinstance(error, NotImplementedError) or "meta" in text or "data" in text:
            self._note(name, arguments)

    def ran(self, *_: Any) -> None:
        """An operator ran."""

    def close(self, _: Any) -> None:
        """The model returned."""

    def _note(self, name: str, arguments: Any) -> None:
        self.lacks_data = True
        self._tape.note_uncounted(name, arguments, NEEDS_DATA)


@dataclass
class SharedMemory:
    """A tensor whose memory other code has, by what read it, and its values as torch wrote them last."""

    name: str
    tensor: torch.Tensor
    before: torch.Tensor


class DataRunReads:
    """Reads of data in a run on data: they are followed, so that work outside torch does not go unseen.

    It shows when numbers come back: in a tensor that no operator made, in one made without values that no
    operator wrote to, or in one whose values changed though no operator wrote to it.
    """

    lacks_data = False

    def __init__(self, tape: Tape, known: Iterable[torch.Tensor]) -> None:
        self._tape = tape
        self._known: dict[int, int] = {}
        self._uninitialized: set[int] = set()
        self._reads: list[tuple[str, Any]] = []
        self._shared: list[SharedMemory] = []
        for tensor in known:
            self._mark_known(tensor)

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What `function` of a tensor returns."""
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

    def failed(self, *_: Any) -> None:
        """The user's own error."""

    def ran(
        self, name: str, inputs: list[torch.Tensor], written: list[torch.Tensor], outputs: list[Any]
    ) -> None:
        """The operator `name` ran on `inputs`, and wrote to some."""
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
        """The model returned `output`."""
        for tensor in tensors(output):
            self._check_origin(tensor)
        for shared in self._shared:
            if not _equal_values(shared.tensor, shared.before):
                self._tape.note_uncounted(shared.name, (shared.tensor,), OUTSIDE_TORCH)

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
        """Mark all tensors that exist before the first read: their values come from no read."""
        for found in gc.get_objects():
            if type(found) in {torch.Tensor, torch.nn.Parameter}:
                with suppress(NotImplementedError, RuntimeError):  # one inside vmap has no memory
                    self._mark_known(found)

    def _mark_known(self, tensor: torch.Tensor) -> None:
        number = storage_id(tensor)
        self._uninitialized.discard(number)
        if number not in self._known:
            self._known[number] = len(self._known)
            memory = tensor.untyped_storage() if tensor.layout is torch.strided else tensor
            finalize(memory, self._forget, number).atexit = False

    def _forget(self, number: int) -> None:
        self._known.pop(number, None)
        self._uninitialized.discard(number)


def _has_numbers(tensor: torch.Tensor) -> bool:
    """Whether it holds floating-point data itself; that of a jagged tensor is in another tensor."""
    is_number = tensor.is_floating_point() or tensor.is_complex()
    return is_number and tensor.numel() > 1 and not (tensor.is_meta or tensor.is_nested)


def _is_within(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether it is in memory of the other's."""
    if not tensor.layout is other.layout is torch.strided:
        return tensor is other
    memory = other.untyped_storage()
    return 0 <= tensor.untyped_storage().data_ptr() - memory.data_ptr() < max(memory.nbytes(), 1)


def _is_asked_by_model() -> bool:
    """Whether the caller is other code than torch's modules, which ask for their own purposes."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].startswith(INTERNAL_MODULES):
        frame = frame.f_back
    name = frame.f_globals["__name__"]
    return not name.startswith("torch.") or name == "torch.autograd.functional"


def _equal_values(first: torch.Tensor, second: torch.Tensor) -> bool:
    return torch.equal(torch.nan_to_num(first.detach()), torch.nan_to_num(second))


@cache
def data_readers() -> frozenset[Any]:
    """The functions that read the data of a tensor, or whether it has a gradient."""
    names = VALUE_METHODS + MEMORY_METHODS + ELEMENT_METHODS
    return _gradient_readers().union(getattr(torch.Tensor, name) for name in names)


@cache
def _gradient_readers() -> frozenset[Any]:
    return frozenset(getattr(torch.Tensor, name).__get__ for name in GRADIENT_ATTRIBUTES)


def needs_data(report: Report) -> bool:
    """Whether a model went on without values that it asked for."""
    return report.trace is not None and any(missed.reason == NEEDS_DATA for missed in report.trace.uncounted)
