"""What a module may hold that can't be copied, or not as it is."""

import ctypes
import functools
import io
import itertools
import random
import sqlite3
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy
import torch
from torch import nn
from tracing.hostile import Subject, net


def numbers() -> Any:
    yield from range(1000)


class Refuses:
    """An object that does not let this method be called."""

    def __init__(self) -> None:
        self.k: Any = None


def refusing(method: str) -> Any:
    def refuse(*_: Any) -> Any:
        raise TypeError(f"no {method}")

    return type(f"Refuses{method}", (Refuses,), {method: refuse, "__hash__": object.__hash__})()


class Delegates:
    """Asks another object for what it does not have, which it itself may not have yet."""

    def __init__(self) -> None:
        self.other = SimpleNamespace(k=None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.other, name)


def keep(module: Any, x: torch.Tensor) -> None:
    module.held.k = x * 2


def locked(module: Any, x: torch.Tensor) -> None:
    with module.held:
        module.k = x


@functools.cache
def pool() -> ThreadPoolExecutor:
    """With its thread started, and the same for all: threads end when they like."""
    executor = ThreadPoolExecutor(1)
    executor.submit(int).result()
    return executor


def net_with_object(make: Callable[[], Any], act: Callable[..., Any], is_uncopyable: bool = True) -> Subject:
    held = make()
    return net(act, held=held)._replace(is_uncopyable=is_uncopyable, others=(held,))


def read_line(module: Any, x: torch.Tensor) -> None:
    module.held.read(1)


METHODS = (
    "__deepcopy__",
    "__reduce_ex__",
    "__getattr__",
    "__repr__",
    "__eq__",
    "__bool__",
    "__len__",
    "__hash__",
)

UNCOPYABLE: dict[str, Callable[[], Subject]] = {
    "generator": lambda: net_with_object(numbers, lambda module, x: next(module.held)),
    "iterator": lambda: net_with_object(
        lambda: iter([*range(99)]), lambda module, x: next(module.held), False
    ),
    "count": lambda: net_with_object(itertools.count, lambda module, x: next(module.held), False),
    "lock": lambda: net_with_object(threading.Lock, locked),
    "RLock": lambda: net_with_object(threading.RLock, locked),
    "condition": lambda: net_with_object(threading.Condition, locked),
    "thread-local": lambda: net_with_object(threading.local, keep),
    "thread pool": lambda: net_with_object(pool, lambda module, x: module.held.submit(int).result()),
    "file": lambda: net_with_object(functools.partial(io.StringIO, "text" * 99), read_line),
    "file on disk": lambda: net_with_object(
        tempfile.TemporaryFile, lambda module, x: module.held.write(b"x")
    ),
    "database": lambda: net_with_object(
        functools.partial(sqlite3.connect, ":memory:"), lambda module, x: module.held.execute("select 1")
    ),
    "memoryview": lambda: net_with_object(
        lambda: memoryview(bytearray(8)), lambda module, x: module.held.__setitem__(0, 7)
    ),
    "pointer": lambda: net_with_object(
        lambda: ctypes.pointer(ctypes.c_int(3)), lambda module, x: module.held.contents
    ),
    "Python module": lambda: net_with_object(lambda: numpy, lambda module, x: module.held.ones(2), False),
    "lambda": lambda: net_with_object(lambda: lambda x: x * 2, lambda module, x: module.held(x), False),
    "torch.Generator": lambda: net_with_object(
        lambda: torch.Generator().manual_seed(1),
        lambda module, x: torch.rand(3, generator=module.held),
        False,
    ),
    "random.Random": lambda: net_with_object(
        lambda: random.Random(1), lambda module, x: module.held.random(), False
    ),
    "NumPy generator": lambda: net_with_object(
        lambda: numpy.random.default_rng(1), lambda module, x: module.held.random(), False
    ),
    "RandomState": lambda: net_with_object(
        lambda: numpy.random.RandomState(1), lambda module, x: module.held.rand(), False
    ),
    "non-leaf tensor": lambda: net_with_object(
        lambda: nn.Parameter(torch.ones(4)) * 2, lambda module, x: module.held + x
    ),
    "object that delegates": lambda: net_with_object(
        Delegates, lambda module, x: setattr(module.held.other, "k", x)
    ),
    **{
        f"object without {method}": functools.partial(
            net_with_object, functools.partial(refusing, method), keep
        )
        for method in METHODS
    },
}

CASES: dict[str, Callable[[], Subject]] = {f"uncopyable/{name}": make for name, make in UNCOPYABLE.items()}
