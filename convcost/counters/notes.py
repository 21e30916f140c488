"""What a counter says while it counts, call by call, and where in the model that is."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CounterEntry, Missed, Reading, Share, contracts
from convcost.tracing.module_tree import named_modules

if TYPE_CHECKING:
    import torch

Shares = tuple[tuple[Share, int], ...]


@dataclass
class Notes:
    """Entries as they come; equal ones are one entry with several calls."""

    counted: Tally[CounterEntry] = field(default_factory=Tally)
    supplied: Tally[CounterEntry] = field(default_factory=Tally)
    missed: Tally[Missed] = field(default_factory=Tally)

    def count(
        self, path: str, operator: str, amount: Any, shares: Shares = (), rule: int | None = None
    ) -> None:
        """Put down that a call of `operator` at `path` was counted with `amount`.

        `rule` is what it should be for work without products, of which nothing is said if it counts nothing.
        """
        if amount or contracts(operator):
            self.counted[CounterEntry(path, operator, int(amount), _said(shares), rule=rule)] += 1

    def supply(self, path: str, operator: str, amount: int) -> None:
        """Put down what convcost counted for a call that the counter has no formula for."""
        self.supplied[CounterEntry(path, operator, amount)] += 1

    def miss(self, path: str, operator: str) -> None:
        """Put down that a call of `operator` at `path` has no formula."""
        self.missed[Missed(path, operator)] += 1

    def reading(self, total: Any, params: Any = None, note: str = "") -> Reading:
        """All of it, beside the counter's own totals."""
        return Reading(
            total=int(total),
            counted=tuple(found._replace(calls=calls) for found, calls in self.counted.items()),
            missed=tuple(found._replace(calls=calls) for found, calls in self.missed.items()),
            supplied=tuple(found._replace(calls=calls) for found, calls in self.supplied.items()),
            params=None if params is None else int(params),
            note=note,
        )


def _said(shares: Shares) -> Shares:
    return tuple((kind, int(amount)) for kind, amount in shares if amount)


@dataclass
class Running:
    """The submodules that are running, innermost last."""

    paths: list[str] = field(default_factory=lambda: [""])

    @property
    def path(self) -> str:
        """The path of the innermost one; empty for the model itself."""
        return self.paths[-1]


def named(module: torch.nn.Module) -> dict[int, str]:
    """The path of every submodule, by its identity."""
    return {id(submodule): path for path, submodule in named_modules(module).items()}


def called(module: torch.nn.Module, args: tuple[Any, ...], kwargs: Any) -> torch.nn.Module:
    """A module that calls `module` with `kwargs`, and with `args` unless it is called with others.

    Counters differ in which arguments they can hand on; this one needs none.
    """
    import torch

    class Called(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.training = module.training
            self.failure: Exception | None = None

        def forward(self, *given: Any) -> Any:
            try:
                return self.module(*(given or args), **kwargs)
            except Exception as error:
                self.failure = error
                raise

    return Called()


@contextmanager
def entered(
    module: torch.nn.Module, enter: Callable[[str], None], leave: Callable[[], None]
) -> Iterator[None]:
    """Call `enter` with the path of each submodule that starts to run, and `leave` as it ends."""
    from torch.nn.modules import module as hooks

    paths = named(module)

    def start(submodule: torch.nn.Module, _: Any) -> None:
        if id(submodule) in paths:
            enter(paths[id(submodule)])

    def end(submodule: torch.nn.Module, *_: Any) -> None:
        if id(submodule) in paths:
            leave()

    before = hooks.register_module_forward_pre_hook(start)
    after = hooks.register_module_forward_hook(end)
    try:
        yield
    finally:
        before.remove()
        after.remove()


@contextmanager
def following(module: torch.nn.Module) -> Iterator[Running]:
    """Which submodule of `module` is running, kept up inside the block."""
    running = Running()

    def leave() -> None:
        running.paths.pop()

    with entered(module, running.paths.append, leave):
        yield running
