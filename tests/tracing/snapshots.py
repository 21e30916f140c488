"""A module, its inputs and the process at a moment, bit by bit, to any depth, without convcost's code."""

import ctypes
import io
import itertools
import random
import sys
import threading
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from enum import Enum
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from tracing.process_state import process_state

Parts = Iterator[tuple[str, Any]]
"""What follows the path of an object, and what is there: a Fact, or an object to go on with."""

PLAIN = (int, float, complex, str, bytes, bool, type(None), type(...), Enum, torch.dtype, torch.device)
PLAIN += (torch.layout, torch.memory_format, range, slice, type(NotImplemented))

OPAQUE = (types.ModuleType, types.CodeType, types.BuiltinFunctionType, threading.Thread, Executor, property)
"""Which object it is, is all there is to know."""

OTHERS = {*sys.stdlib_module_names, "torch", "numpy", "pytest", "_pytest"} - {"__main__"}
"""Packages whose classes' attributes are nobody's state."""

NOT_STATE = {
    "_abc_impl",
    "__dict__",
    "__weakref__",
    "__doc__",
    "__module__",
    "__annotations__",
    "__slots__",
}


class Fact(NamedTuple):
    """Compared by its value; everything else is looked into."""

    value: Any


class Snapshot(NamedTuple):
    """Facts by the path that led there; the objects live on, so that no other one gets an id of theirs."""

    facts: dict[str, Any]
    alive: list[Any]


def snapshot(module: nn.Module, inputs: Any = (), extra_objects: Any = ()) -> Snapshot:
    """How all three and the process are now."""
    facts: dict[str, Any] = {}
    seen: set[int] = set()
    alive: list[Any] = []
    waiting: deque[tuple[str, Any]] = deque([("module", module)])
    for name, values in (("inputs", inputs), ("extra", extra_objects)):
        waiting.extend((f"{name}{place}", value) for place, value in _items(values))
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, Fact):
            facts[path] = value.value
        elif isinstance(value, PLAIN):
            facts[path] = f"{type(value).__name__} {value!r}"
        else:
            facts[path] = f"{type(value).__name__} object at {id(value):#x}"
            alive.append(value)
            if id(value) not in seen:
                seen.add(id(value))
                waiting.extend((f"{path}{suffix}", part) for suffix, part in _parts(value))
    facts.update({f"process: {name}": value for name, value in process_state().items()})
    return Snapshot(facts, alive)


def differences(before: Snapshot, after: Snapshot) -> list[str]:
    """Each as one line: where, what was there and what is there now."""
    paths = dict.fromkeys((*before.facts, *after.facts))
    pairs = ((path, before.facts.get(path, "nothing"), after.facts.get(path, "nothing")) for path in paths)
    return [f"{path}: {_shown(was, now)} -> {_shown(now, was)}" for path, was, now in pairs if was != now]


def _shown(value: Any, other: Any) -> str:
    """What is in `value` alone, if both are lists or dicts."""
    if isinstance(value, dict) and isinstance(other, dict):
        value = {key: part for key, part in value.items() if other.get(key, "nothing") != part}
    if isinstance(value, list) and isinstance(other, list):
        value = [part for part in value if part not in other] or value
    return text if len(text := str(value)) <= 120 else f"{text[:120]}... ({_digest(text.encode())[:8]})"


def _items(values: Any) -> Parts:
    pairs = values.items() if isinstance(values, dict) else enumerate(values)
    yield from ((f"[{key!r}]", value) for key, value in pairs)


def _parts(value: Any) -> Parts:
    """What an object consists of."""
    if isinstance(value, OPAQUE):
        return
    if isinstance(value, type):
        yield from _class_attributes(value)
        return
    for kind, parts in KINDS:
        if isinstance(value, kind):
            yield from parts(value)
            break
    yield from _attributes(value)
    yield ".__class__", type(value)


def _class_attributes(value: type) -> Parts:
    if value.__module__.partition(".")[0] in OTHERS:
        return
    for name, part in [*vars(value).items()]:
        if name not in NOT_STATE:
            yield f".{name}", part
    yield ".__bases__", value.__bases__


def _attributes(value: Any) -> Parts:
    """Those in `__dict__` and in slots, whatever `__getattr__` and the like may do."""
    with suppress(AttributeError):
        held = object.__getattribute__(value, "__dict__")
        if isinstance(held, dict):
            yield " attributes", Fact([*map(str, held)])
            yield from ((f".{name}", part) for name, part in [*held.items()])
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"}:
                mangled = f"_{kind.__name__.lstrip('_')}{name}" if name.startswith("__") else name
                with suppress(AttributeError, KeyError):
                    yield f".{name}", vars(kind)[mangled].__get__(value)


def _of_tensor(tensor: torch.Tensor) -> Parts:
    yield " needs gradients", Fact((tensor.requires_grad, tensor.is_leaf, tensor.is_inference()))
    yield " dtype, device, layout", Fact((tensor.dtype, str(tensor.device), tensor.layout))
    yield " version", Fact(None if tensor.is_inference() else tensor._version)
    yield "._backward_hooks", tensor._backward_hooks
    yield "._post_accumulate_grad_hooks", tensor._post_accumulate_grad_hooks
    yield ".grad_fn", tensor.grad_fn
    yield "._base", tensor._base
    if tensor.is_leaf or tensor.retains_grad:
        yield ".grad", tensor.grad
    if is_lazy(tensor):
        return
    yield " shape", Fact(tuple(tensor.shape))
    if tensor.layout is not torch.strided:
        yield " values", Fact(str(tensor.detach().to_dense().tolist()))
        return
    yield " strides, offset", Fact((tensor.stride(), tensor.storage_offset()))
    yield " bits", Fact((tensor.is_conj(), tensor.is_neg()))
    yield from _of_storage(tensor.untyped_storage())


def _of_storage(storage: torch.UntypedStorage) -> Parts:
    has_data = storage.device.type == "cpu" and storage.nbytes()
    yield " memory", Fact((storage.data_ptr(), storage.nbytes(), has_data and storage.is_shared()))
    if has_data:
        yield " data", Fact(_digest(ctypes.string_at(storage.data_ptr(), storage.nbytes())))


def _digest(data: bytes) -> str:
    return f"{data.hex(' ', 4)}" if len(data) <= 64 else blake2b(data).hexdigest()


def _of_array(array: numpy.ndarray) -> Parts:
    flags = (array.flags.writeable, array.flags.owndata)
    yield " memory", Fact((array.dtype.str, array.shape, array.strides, array.ctypes.data, *flags))
    yield " data", Fact(_digest(array.tobytes()))
    if array.dtype == object:
        yield from _items(array.ravel().tolist())


def _of_dict(held: dict[Any, Any]) -> Parts:
    pairs = [(key, dict.__getitem__(held, key)) for key in dict.__iter__(held)]
    yield " keys", Fact([_key(key) for key, _ in pairs])
    for key, value in pairs:
        yield f"[{_key(key)}]", value
        if not isinstance(key, PLAIN):
            yield f".keys()[{_key(key)}]", key


def _key(key: Any) -> str:
    return repr(key) if isinstance(key, PLAIN) else f"{type(key).__name__} at {id(key):#x}"


def _of_sequence(values: Any) -> Parts:
    kind = next(kind for kind in (list, tuple, deque) if isinstance(values, kind))
    yield " length", Fact((kind.__len__(values), getattr(values, "maxlen", None)))
    yield from ((f"[{place}]", value) for place, value in enumerate(kind.__iter__(values)))


def _of_function(function: types.FunctionType) -> Parts:
    yield ".__code__", function.__code__
    yield ".__defaults__", function.__defaults__
    yield ".__kwdefaults__", function.__kwdefaults__
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f" closure {name}", cell


def _of_generator(generator: types.GeneratorType) -> Parts:
    frame = generator.gi_frame
    yield " position", Fact(frame and frame.f_lasti)
    yield from ((f" local {name}", part) for name, part in (frame.f_locals if frame else {}).items())


def _fact(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Parts]:
    return lambda value: iter([(f" {name}", Fact(read(value)))])


KINDS: tuple[tuple[Any, Callable[[Any], Parts]], ...] = (
    (torch.Tensor, _of_tensor),
    (torch.jit.ScriptModule, lambda module: _items(module.state_dict(keep_vars=True))),
    (torch.Generator, _fact("state", lambda source: _digest(bytes(source.get_state().numpy())))),
    (numpy.ndarray, _of_array),
    (dict, _of_dict),
    (types.MappingProxyType, lambda held: _of_dict(dict(held))),
    ((list, tuple, deque), _of_sequence),
    ((set, frozenset), lambda held: ((f".has({_key(part)})", part) for part in sorted(held, key=_key))),
    (types.FunctionType, _of_function),
    (types.MethodType, lambda method: iter([(".__self__", method.__self__), (".__func__", method.__func__)])),
    (partial, lambda call: iter([(".func", call.func), (".args", call.args), (".keywords", call.keywords)])),
    (types.CellType, lambda cell: _items([] if repr(cell).endswith(" empty>") else [cell.cell_contents])),
    (types.GeneratorType, _of_generator),
    (itertools.count, _fact("next", repr)),
    (type(iter([])), _fact("left", lambda iterator: iterator.__length_hint__())),
    (weakref.ref, lambda reference: iter([("()", reference())])),
    ((bytearray, memoryview), _fact("data", lambda data: _digest(bytes(data)))),
    (random.Random, _fact("state", lambda source: source.getstate())),
    (numpy.random.Generator, _fact("state", lambda source: str(source.bit_generator.state))),
    (numpy.random.RandomState, _fact("state", lambda source: str(source.get_state()))),
    (type(threading.Lock()), _fact("locked", lambda lock: lock.locked())),
    (type(threading.RLock()), _fact("state", lambda lock: str(lock).partition(" at ")[0])),
    (threading.local, lambda local: iter([(".__dict__", vars(local))])),
    (io.IOBase, _fact("place", lambda file: "closed" if file.closed else file.seekable() and file.tell())),
)  # fmt: skip
"""The first kind that an object is of says what it consists of, besides its attributes."""
