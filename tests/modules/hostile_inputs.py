"""What a forward may do to its inputs, what it may raise, and what no module can be copied with."""

import ctypes
import functools
import io
import itertools
import random
import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy
import torch
from modules.hostile import Net, Subject, net
from torch import nn


class Cache:
    """Keys and values by layer, as language models have them as an input."""

    def __init__(self) -> None:
        self.layers: list[list[torch.Tensor]] = [[]]
        self.length = 0

    def update(self, key: torch.Tensor) -> torch.Tensor:
        self.layers[0].append(key)
        self.length += len(key)
        return torch.cat(self.layers[0])


@dataclass
class Batch:
    ids: torch.Tensor
    seen: list[Any] = field(default_factory=list)


def cached(module: Any, x: torch.Tensor, cache: Cache) -> None:
    cache.update(x * 2)


def longer(module: Any, x: torch.Tensor, keys: Any) -> None:
    keys.append(x * 2)


def halved(module: Any, x: torch.Tensor) -> None:
    x.data = x.data / 2


def of_batch(module: Any, x: torch.Tensor, batch: Batch) -> None:
    batch.ids.add_(1)
    batch.seen.append(x)
    batch.ids = batch.ids + 1


def in_place(module: Any, *tensors: torch.Tensor) -> None:
    with torch.no_grad():
        for tensor in tensors:
            tensor.add_(1)


def on(
    x: torch.Tensor, *others: Any, act: Callable[..., Any] = in_place, reach: tuple[Any, ...] = ()
) -> Subject:
    return Subject(Net(act), (x, *others), reach)


def part_of_larger() -> Subject:
    whole = torch.zeros(4, 8)
    return on(whole[::2, ::2], reach=(whole,))


def own_weight() -> Subject:
    module = Net(in_place)
    return Subject(module, (torch.ones(2, 4), module.lin.weight))


def with_gradient() -> Subject:
    x = torch.ones(2, 4, requires_grad=True)
    x.grad = torch.zeros(2, 4)
    return on(x, act=lambda module, x: x.grad is None or x.grad.add_(1))


INPUTS: dict[str, Callable[[], Subject]] = {
    "ids.add_": lambda: on(torch.ones(2, 4), torch.zeros(2, 3, dtype=torch.long)),
    "x.add_": lambda: on(torch.ones(2, 4)),
    "x.data": lambda: on(torch.ones(2, 4), act=halved),
    "x.requires_grad_": lambda: on(torch.ones(2, 4), act=lambda module, x: x.requires_grad_()),
    "x.grad": with_gradient,
    "x.register_hook": lambda: on(
        torch.ones(2, 4, requires_grad=True), act=lambda module, x: x.register_hook(lambda gradient: None)
    ),
    "x.share_memory_": lambda: on(torch.ones(2, 4), act=lambda module, x: x.share_memory_()),
    "x.squeeze_": lambda: on(torch.ones(1, 2, 4), act=lambda module, x: x.squeeze_(0)),
    "attribute of x": lambda: on(torch.ones(2, 4), act=lambda module, x: setattr(x, "mask", x > 0)),
    "part of a larger one": part_of_larger,
    "own weight": own_weight,
    "twice the same": lambda: on(*[torch.ones(2, 4)] * 2),
    "scalars": lambda: on(torch.ones(2, 4), torch.zeros(()), torch.zeros(1, dtype=torch.half)),
    "list": lambda: on(torch.ones(2, 4), [torch.ones(2, 4)], act=longer),
    "empty list": lambda: on(torch.ones(2, 4), [], act=longer),
    "deque": lambda: on(torch.ones(2, 4), deque(), act=longer),
    "list of ids": lambda: on(
        torch.ones(2, 4), [torch.zeros(3, dtype=torch.long)], act=lambda module, x, ids: ids[0].add_(1)
    ),
    "dict": lambda: on(torch.ones(2, 4), {}, act=lambda module, x, held: held.update(k=x * 2)),
    "dict, popped": lambda: on(
        torch.ones(2, 4), {"k": torch.ones(1), "l": 2}, act=lambda module, x, held: held.pop("k", None)
    ),
    "list in tuple": lambda: on(
        torch.ones(2, 4), ([torch.ones(2, 4)],), act=lambda module, x, pair: pair[0].append(x)
    ),
    "set": lambda: on(torch.ones(2, 4), {1}, act=lambda module, x, numbers: numbers.add(2)),
    "cache": lambda: on(torch.ones(2, 4), Cache(), act=cached),
    "cache in list": lambda: on(
        torch.ones(2, 4), [Cache()], act=lambda module, x, caches: cached(module, x, caches[0])
    ),
    "dataclass": lambda: on(torch.ones(2, 4), Batch(torch.zeros(2, dtype=torch.long)), act=of_batch),
    "namespace": lambda: on(
        torch.ones(2, 4), SimpleNamespace(k=None), act=lambda module, x, held: setattr(held, "k", x)
    ),
    "NumPy array": lambda: on(
        torch.ones(2, 4), numpy.ones(3), act=lambda module, x, array: array.__setitem__(0, 7)
    ),
    "iterator": lambda: on(
        torch.ones(2, 4), iter([1, 2, 3, 4, 5]), act=lambda module, x, numbers: next(numbers)
    ),
    "module": lambda: on(
        torch.ones(2, 4), nn.Linear(4, 4), act=lambda module, x, other: in_place(module, other.weight)
    ),
    "generator of torch": lambda: on(
        torch.ones(2, 4), torch.Generator(), act=lambda module, x, source: torch.rand(2, generator=source)
    ),
}


class OddError(BaseException):
    """Nobody expects it, and it can't be shown."""

    def __str__(self) -> str:
        raise ValueError("no text")


class FailsBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        raise ZeroDivisionError("backward")


def change_much(module: Any, x: torch.Tensor) -> None:
    """In every place that is put back one by one."""
    in_place(module, x, module.lin.weight)
    module.kept.append(x)
    module.state["k"][0].k = x
    module.eval()
    module.lin.register_forward_hook(lambda *_: None)
    module.lin.weight.requires_grad_(False)
    del module._modules["spare"]
    torch.manual_seed(0)
    torch.set_grad_enabled(False)
    torch.backends.cudnn.benchmark = True


def raising(error: type[BaseException], place: str = "forward") -> Subject:
    def fail(*_: Any) -> None:
        raise error("on purpose")

    def act(module: Any, x: torch.Tensor) -> None:
        change_much(module, x)
        if place == "forward":
            fail()

    state = {"k": [SimpleNamespace(k=None)]}
    module = Net(act, spare=nn.Linear(4, 4), kept=[torch.ones(1)], state=state)
    if place == "hook":
        module.lin.register_forward_hook(fail)
    return Subject(module, (torch.ones(2, 4),), macs=None, raises=error)


def without_end(module: Any, x: torch.Tensor) -> None:
    module.kept.append(x)
    without_end(module, x)


def failing_backward() -> Subject:
    def act(module: Any, x: torch.Tensor) -> None:
        module.kept.append(x)
        FailsBackward.apply(module.lin(x)).sum().backward()

    return Subject(Net(act, kept=[]), (torch.ones(2, 4),), macs=None, raises=ZeroDivisionError)


ERRORS = (ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, MemoryError, OddError)
ERRORS += (NotImplementedError, AssertionError, RuntimeError, TypeError, AttributeError, OSError, Warning)

RAISES: dict[str, Callable[[], Subject]] = {
    **{error.__name__: functools.partial(raising, error) for error in ERRORS},
    **{f"{error.__name__} in a hook": functools.partial(raising, error, "hook") for error in ERRORS[:3]},
    "RecursionError": lambda: Subject(
        Net(without_end, kept=[]), (torch.ones(2, 4),), macs=None, raises=RecursionError
    ),
    "in a backward within": failing_backward,
}


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


def holding(make: Callable[[], Any], act: Callable[..., Any], is_uncopyable: bool = True) -> Subject:
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
    "generator": lambda: holding(numbers, lambda module, x: next(module.held)),
    "iterator": lambda: holding(lambda: iter([*range(99)]), lambda module, x: next(module.held), False),
    "count": lambda: holding(itertools.count, lambda module, x: next(module.held), False),
    "lock": lambda: holding(threading.Lock, locked),
    "RLock": lambda: holding(threading.RLock, locked),
    "condition": lambda: holding(threading.Condition, locked),
    "thread-local": lambda: holding(threading.local, keep),
    "thread pool": lambda: holding(pool, lambda module, x: module.held.submit(int).result()),
    "file": lambda: holding(functools.partial(io.StringIO, "text" * 99), read_line),
    "file on disk": lambda: holding(tempfile.TemporaryFile, lambda module, x: module.held.write(b"x")),
    "database": lambda: holding(
        functools.partial(sqlite3.connect, ":memory:"), lambda module, x: module.held.execute("select 1")
    ),
    "memoryview": lambda: holding(
        lambda: memoryview(bytearray(8)), lambda module, x: module.held.__setitem__(0, 7)
    ),
    "pointer": lambda: holding(
        lambda: ctypes.pointer(ctypes.c_int(3)), lambda module, x: module.held.contents
    ),
    "Python module": lambda: holding(lambda: numpy, lambda module, x: module.held.ones(2), False),
    "lambda": lambda: holding(lambda: lambda x: x * 2, lambda module, x: module.held(x), False),
    "torch.Generator": lambda: holding(
        lambda: torch.Generator().manual_seed(1),
        lambda module, x: torch.rand(3, generator=module.held),
        False,
    ),
    "random.Random": lambda: holding(lambda: random.Random(1), lambda module, x: module.held.random(), False),
    "NumPy generator": lambda: holding(
        lambda: numpy.random.default_rng(1), lambda module, x: module.held.random(), False
    ),
    "RandomState": lambda: holding(
        lambda: numpy.random.RandomState(1), lambda module, x: module.held.rand(), False
    ),
    "non-leaf tensor": lambda: holding(
        lambda: nn.Parameter(torch.ones(4)) * 2, lambda module, x: module.held + x
    ),
    "object that delegates": lambda: holding(Delegates, lambda module, x: setattr(module.held.other, "k", x)),
    **{
        f"object without {method}": functools.partial(holding, functools.partial(refusing, method), keep)
        for method in METHODS
    },
}

CASES: dict[str, Callable[[], Subject]] = {
    **{f"inputs/{name}": make for name, make in INPUTS.items()},
    **{f"raises/{name}": make for name, make in RAISES.items()},
    **{f"uncopyable/{name}": make for name, make in UNCOPYABLE.items()},
}
