"""Modules that change all that a forward can reach: themselves, their inputs, the process."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

import convcost
from convcost.counters import COUNTERS
from convcost.counters.crosscheck import crosscheck_model

MACS = 32
"""Two rows through a linear layer of 4 by 4."""


class Net(nn.Module):
    """A linear layer after `act`, which may do anything."""

    def __init__(self, act: Callable[..., Any] = lambda *_: None, **attributes: Any) -> None:
        super().__init__()
        self.lin = nn.Linear(4, 4)
        self.act = act
        for name, value in attributes.items():
            setattr(self, name, value)

    def forward(self, x: torch.Tensor, *others: Any) -> torch.Tensor:
        self.act(self, x, *others)
        return self.lin(x.to(self.lin.weight.dtype))


class Subject(NamedTuple):
    """A module with its inputs, and other objects of the user's that it reaches.

    `macs` are those of its forward, or None if nothing is known of them; `raises` is what its forward ends
    with; `is_uncopyable` says that convcost may refuse it, as long as nothing is changed.
    """

    module: nn.Module
    inputs: tuple[Any, ...]
    others: tuple[Any, ...] = ()
    macs: int | None = MACS
    raises: type[BaseException] | None = None
    is_uncopyable: bool = False


def net(act: Callable[..., Any], *others: Any, macs: int | None = MACS, **attributes: Any) -> Subject:
    """A `Net` with its input; `others` are further inputs."""
    return Subject(Net(act, **attributes), (torch.ones(2, 4), *others), macs=macs)


def outcome(run: Callable[[], Any]) -> Any:
    """What `run` returns or raises."""
    try:
        return run()
    except BaseException as error:
        return error


def report_and_crosscheck(module: nn.Module, *inputs: Any) -> Any:
    """The three counters that come with convcost, beside its own count."""
    report = convcost.profile(module, *inputs)
    counters = tuple(COUNTERS.values())
    return report, dict(crosscheck_model(module, inputs, {}, report, counters, seconds=30.0))


RUNS: dict[str, Callable[..., Any]] = {
    "forward": convcost.profile,
    "backward": lambda module, *inputs: convcost.Profiler(backward=True).profile(module, *inputs),
    "memory": lambda module, *inputs: convcost.Profiler(footprint="").profile(module, *inputs),
    "counters": lambda module, *inputs: report_and_crosscheck(module, *inputs)[0],
}


def warm() -> None:
    """The first runs of all import much of torch, which changes settings: nobody's forward did."""
    for run in RUNS.values():
        run(nn.Linear(2, 2), torch.ones(1, 2))
