"""What a forward may raise, after it changed much."""

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from tracing.hostile import Net, Subject
from tracing.hostile_inputs import in_place


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


CASES: dict[str, Callable[[], Subject]] = {f"raises/{name}": make for name, make in RAISES.items()}
