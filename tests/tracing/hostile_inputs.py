"""What a forward may do to its inputs."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy
import torch
from torch import nn
from tracing.hostile import Net, Subject


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


def change_batch(module: Any, x: torch.Tensor, batch: Batch) -> None:
    batch.ids.add_(1)
    batch.seen.append(x)
    batch.ids = batch.ids + 1


def in_place(module: Any, *tensors: torch.Tensor) -> None:
    with torch.no_grad():
        for tensor in tensors:
            tensor.add_(1)


def input_subject(
    x: torch.Tensor, *others: Any, act: Callable[..., Any] = in_place, reach: tuple[Any, ...] = ()
) -> Subject:
    return Subject(Net(act), (x, *others), reach)


def part_of_larger() -> Subject:
    whole = torch.zeros(4, 8)
    return input_subject(whole[::2, ::2], reach=(whole,))


def own_weight() -> Subject:
    module = Net(in_place)
    return Subject(module, (torch.ones(2, 4), module.lin.weight))


def with_gradient() -> Subject:
    x = torch.ones(2, 4, requires_grad=True)
    x.grad = torch.zeros(2, 4)
    return input_subject(x, act=lambda module, x: x.grad is None or x.grad.add_(1))


INPUTS: dict[str, Callable[[], Subject]] = {
    "ids.add_": lambda: input_subject(torch.ones(2, 4), torch.zeros(2, 3, dtype=torch.long)),
    "x.add_": lambda: input_subject(torch.ones(2, 4)),
    "x.data": lambda: input_subject(torch.ones(2, 4), act=halved),
    "x.requires_grad_": lambda: input_subject(torch.ones(2, 4), act=lambda module, x: x.requires_grad_()),
    "x.grad": with_gradient,
    "x.register_hook": lambda: input_subject(
        torch.ones(2, 4, requires_grad=True), act=lambda module, x: x.register_hook(lambda gradient: None)
    ),
    "x.share_memory_": lambda: input_subject(torch.ones(2, 4), act=lambda module, x: x.share_memory_()),
    "x.squeeze_": lambda: input_subject(torch.ones(1, 2, 4), act=lambda module, x: x.squeeze_(0)),
    "attribute of x": lambda: input_subject(
        torch.ones(2, 4), act=lambda module, x: setattr(x, "mask", x > 0)
    ),
    "part of a larger one": part_of_larger,
    "own weight": own_weight,
    "twice the same": lambda: input_subject(*[torch.ones(2, 4)] * 2),
    "scalars": lambda: input_subject(torch.ones(2, 4), torch.zeros(()), torch.zeros(1, dtype=torch.half)),
    "list": lambda: input_subject(torch.ones(2, 4), [torch.ones(2, 4)], act=longer),
    "empty list": lambda: input_subject(torch.ones(2, 4), [], act=longer),
    "deque": lambda: input_subject(torch.ones(2, 4), deque(), act=longer),
    "list of ids": lambda: input_subject(
        torch.ones(2, 4), [torch.zeros(3, dtype=torch.long)], act=lambda module, x, ids: ids[0].add_(1)
    ),
    "dict": lambda: input_subject(torch.ones(2, 4), {}, act=lambda module, x, held: held.update(k=x * 2)),
    "dict, popped": lambda: input_subject(
        torch.ones(2, 4), {"k": torch.ones(1), "l": 2}, act=lambda module, x, held: held.pop("k", None)
    ),
    "list in tuple": lambda: input_subject(
        torch.ones(2, 4), ([torch.ones(2, 4)],), act=lambda module, x, pair: pair[0].append(x)
    ),
    "set": lambda: input_subject(torch.ones(2, 4), {1}, act=lambda module, x, numbers: numbers.add(2)),
    "cache": lambda: input_subject(torch.ones(2, 4), Cache(), act=cached),
    "cache in list": lambda: input_subject(
        torch.ones(2, 4), [Cache()], act=lambda module, x, caches: cached(module, x, caches[0])
    ),
    "dataclass": lambda: input_subject(
        torch.ones(2, 4), Batch(torch.zeros(2, dtype=torch.long)), act=change_batch
    ),
    "namespace": lambda: input_subject(
        torch.ones(2, 4), SimpleNamespace(k=None), act=lambda module, x, held: setattr(held, "k", x)
    ),
    "NumPy array": lambda: input_subject(
        torch.ones(2, 4), numpy.ones(3), act=lambda module, x, array: array.__setitem__(0, 7)
    ),
    "iterator": lambda: input_subject(
        torch.ones(2, 4), iter([1, 2, 3, 4, 5]), act=lambda module, x, numbers: next(numbers)
    ),
    "module": lambda: input_subject(
        torch.ones(2, 4), nn.Linear(4, 4), act=lambda module, x, other: in_place(module, other.weight)
    ),
    "generator of torch": lambda: input_subject(
        torch.ones(2, 4), torch.Generator(), act=lambda module, x, source: torch.rand(2, generator=source)
    ),
}


CASES: dict[str, Callable[[], Subject]] = {f"inputs/{name}": make for name, make in INPUTS.items()}
