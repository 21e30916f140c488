"""Reuse the results of earlier calls: equal layers make many equal calls.

A function of torch has the same output shapes and costs if its tensors have the same shapes, strides and
dtypes, and if all other arguments and settings are equal. It runs once; a repeated call returns new tensors
like those of the first. Calls that may depend on anything else always run: on data, autocast, tensor
subclasses, random generators or the model's own modes; and calls that write to tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import FunctionType
from typing import Any, NamedTuple, Protocol

import torch

from convcost.tracing.recording.index_ranges import IndexRanges
from convcost.tracing.recording.known_operators import CPP_FUNCTIONS, PYTHON_MODULES, known_function
from convcost.tracing.recording.recorded_operations import RecordedCall
from convcost.tracing.recording.tape import Tape
from convcost.tracing.recording.unrecorded_gradients import with_unrecorded_gradient
from convcost.tracing.tensors import flat_tensors, storage_id
from convcost.tracing.torch_versions import SAVED_TENSOR_HOOKS

PLAIN_VALUES = frozenset(
    (
        *(int, float, bool, str, type(None), type(...)),
        torch.dtype,
        torch.layout,
        torch.memory_format,
        torch.device,
    )
)
"""Types of arguments that can be compared by equality."""

SEQUENCES = frozenset((list, tuple, torch.Size))

PLAIN_DTYPES = frozenset(
    (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    )
)
"""Dtypes of tensors without further properties: complex ones may be conjugated, others quantized."""

Key = tuple[Any, ...]

Maker = Callable[[Any, Mapping[str, Any]], Any]
"""Makes the output of a repeated call from its arguments."""

UNKNOWN = object()


class TensorKind(Protocol):
    """How tensors of a run are compared and copied."""

    has_views: bool
    """Whether tensors may share memory with others."""

    classes: frozenset[Any]
    """Tensor classes that behave like torch's own."""

    def key(self, tensor: Any) -> Key | None:
        """All that the shape of a result may depend on; None if that can't be told."""

    def maker(self, tensor: Any) -> Maker | None:
        """Makes tensors like this one; None if they would differ."""


class MetaTensorKind:
    """Tensors on the meta device."""

    has_views = True
    classes = frozenset((torch.Tensor, torch.nn.Parameter))

    def __init__(self, indices: IndexRanges) -> None:
        self._indices = indices

    def key(self, tensor: Any) -> Key | None:
        """Its shape, strides and dtype; None if anything is known about its values."""
        dtype = tensor.dtype
        if not tensor.is_meta or dtype not in PLAIN_DTYPES or tensor.layout is not torch.strided:
            return None
        if self._indices.has(tensor):
            return None
        if tensor.is_neg() or torch._C._functorch.is_functorch_wrapped_tensor(
            tensor
        ):  # a functorch tensor knows its gradient
            return None
        return tensor.shape, tensor.stride(), dtype, tensor.requires_grad

    def maker(self, tensor: Any) -> Maker | None:
        """Makes an empty tensor; None if this one is a part of a larger storage."""
        key = self.key(tensor)
        if key is None or tensor.storage_offset() or vars(tensor):
            return None
        shape, strides, dtype, requires_grad = key
        made = _empty_strided(shape, strides, dtype)
        if made.untyped_storage().nbytes() != tensor.untyped_storage().nbytes():
            return None  # a part of a storage
        make = partial(_empty_strided, shape, strides, dtype)
        if not requires_grad:
            return lambda *_: make()
        return lambda args, kwargs: with_unrecorded_gradient(make, (*args, *kwargs.values()))


def _empty_strided(shape: Any, strides: Any, dtype: torch.dtype) -> torch.Tensor:
    with torch._C._DisableTorchDispatch():
        return torch.empty_strided(shape, strides, dtype=dtype, device="meta")


class RepeatableCall(NamedTuple):
    """A call that ran: its records on the tape, and the maker of a repeated call's output."""

    recorded: RecordedCall
    output: Maker


class RepeatedCalls:
    """Runs equal calls once, in runs without data, gradients and user formulas."""

    def __init__(self, tape: Tape, kind: TensorKind) -> None:
        self._tape = tape
        self._kind = kind
        self._known: dict[Key, RepeatableCall | None] = {}

    def run(self, function: Any, args: Any, kwargs: Mapping[str, Any], run: Callable[[], Any]) -> Any:
        """The output of `run`, which calls `function`; like that of an equal call, if there was one."""
        key = self._key(function, args, kwargs)
        if key is None:
            return run()
        known = self._known.get(key, UNKNOWN)
        if isinstance(known, RepeatableCall):
            self._tape.repeat(known.recorded)
            return known.output(args, kwargs)
        if known is None:
            return run()
        with self._tape.record_call() as recorded:
            output = run()
        self._known[key] = self._repeatable(function, args, kwargs, output, recorded)
        return output

    def _key(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Key | None:
        """The key by which calls are compared; None for a call that always has to run."""
        if not is_repeatable(function) or torch._C._is_any_autocast_enabled() or _has_saving_hooks():
            return None
        seen: list[Any] = []
        parts: list[Any] = [function, *_settings()]
        for value in args:
            part = self._part(value, seen)
            if part is None:
                return None
            parts.append(part)
        for name, value in kwargs.items():
            part = self._part(value, seen)
            if part is None or name == "out":
                return None
            parts += (name, part)
        return tuple(parts)

    def _part(self, value: Any, seen: list[Any], is_nested: bool = False) -> Any:
        """An argument's part of the key; None if it has none. A tensor that occurs again is its number."""
        kind = value.__class__
        if kind in self._kind.classes:
            for number, other in enumerate(seen):
                if other is value:
                    return number
            seen.append(value)
            return self._kind.key(value)
        if kind in PLAIN_VALUES:
            return kind, value
        if kind is torch.SymInt:
            return kind, value.node._expr
        if kind is slice:
            return self._sequence(slice, (value.start, value.stop, value.step), seen)
        if kind in SEQUENCES and not is_nested:
            return self._sequence(kind, value, seen)
        return None

    def _sequence(self, kind: Any, values: Iterable[Any], seen: list[Any]) -> Any:
        parts: list[Any] = [kind]
        for value in values:
            part = self._part(value, seen, is_nested=value.__class__ is not slice)
            if part is None:
                return None
            parts.append(part)
        return tuple(parts)

    def _repeatable(
        self, function: Any, args: Any, kwargs: Any, output: Any, recorded: RecordedCall
    ) -> RepeatableCall | None:
        if not recorded.is_repeatable:
            return None
        given = [*flat_tensors((*args, *kwargs.values()))]
        returned = [*flat_tensors((output,))]
        if not returned:
            return None
        new = [storage_id(tensor) for tensor in returned if not any(tensor is one for one in given)]
        if not self._kind.has_views or not (_has_repeated(new) or set(new) & set(map(storage_id, given))):
            maker = self._maker(output, args)
        elif isinstance(function, CPP_FUNCTIONS) and not known_function(function):
            maker = _rerun(function)
        else:
            maker = None
        return maker and RepeatableCall(recorded, maker)

    def _maker(self, output: Any, args: Any) -> Maker | None:
        """Makes an output like this: new tensors, and arguments that are returned as they are."""
        kind = output.__class__
        if kind in self._kind.classes:
            place = next((place for place, value in enumerate(args) if value is output), None)
            if place is not None:
                return lambda args, _: args[place]
            return self._kind.maker(output)
        if kind in (list, tuple):
            makers = [self._maker(part, args) for part in output]
            if None in makers:
                return None
            return lambda args, kwargs: kind([make(args, kwargs) for make in makers if make])
        return (lambda *_: None) if output is None else None


def _has_repeated(numbers: list[int]) -> bool:
    return len(set(numbers)) < len(numbers)


def _rerun(function: Any) -> Maker:
    """Makes a view, or the like, by calling the function again without recording."""

    def run(args: Any, kwargs: Mapping[str, Any]) -> Any:
        with torch._C._DisableTorchDispatch():
            return function(*args, **kwargs)

    return run


def _settings() -> tuple[Any, ...]:
    """Settings of torch that results depend on."""
    return torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()


def _has_saving_hooks() -> bool:
    """Whether there are hooks on saved tensors."""
    return not SAVED_TENSOR_HOOKS or torch._C._autograd._top_saved_tensors_default_hooks(True) is not None


@cache
def is_repeatable(function: Any) -> bool:
    """Whether it is a function of torch that by its name does not write in place."""
    name = getattr(function, "__name__", "_")
    if name.endswith("_") and not name.endswith("__"):
        return False
    if isinstance(function, FunctionType):
        return function.__module__ in PYTHON_MODULES
    return isinstance(function, CPP_FUNCTIONS) and name != "__get__"
