"""Which module is running: global hooks keep a stack of names while a model's forward runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, Any

from convcost.modules.tensors import first_tensor
from convcost.quantities import Shape

if TYPE_CHECKING:
    import torch


@dataclass
class Visit:
    """A submodule that ran: how often, and the shapes of its first input and output at the first call."""

    input: Shape | None = None
    output: Shape | None = None
    calls: int = 0


@dataclass
class Paths:
    """The names of a model's submodules, those that have run, and those that are running, innermost last.

    What other threads run meanwhile is not the model's.
    """

    names: dict[int, str]
    running: list[str] = field(default_factory=lambda: [""])
    visits: dict[str, Visit] = field(default_factory=dict)
    thread: int = field(default_factory=get_ident)

    @property
    def current(self) -> str:
        """The path of the innermost submodule that is running; empty for the model itself."""
        return self.running[-1]

    def enter(self, module: torch.nn.Module, arguments: Any) -> None:
        """As `module` is called with `arguments`; one that is none of the model's counts as its caller."""
        if get_ident() != self.thread:
            return
        path = self.names.get(id(module), self.current)
        self.running.append(path)
        if id(module) in self.names:
            visit = self.visits.setdefault(path, Visit(first_shape(arguments)))
            visit.calls += 1

    def leave(self, module: torch.nn.Module, output: Any) -> None:
        """As `module` returns `output`."""
        if get_ident() != self.thread:
            return
        path = self.running.pop()
        visit = self.visits.get(path)
        if visit and visit.output is None and id(module) in self.names:
            visit.output = first_shape(output)


@contextmanager
def followed(submodules: Mapping[str, torch.nn.Module]) -> Iterator[Paths]:
    """The paths of a model's `submodules`, kept up while anything of it runs inside the block."""
    from torch.nn.modules import module as hooks

    paths = Paths({id(submodule): name for name, submodule in submodules.items()})
    before = hooks.register_module_forward_pre_hook(paths.enter)
    after = hooks.register_module_forward_hook(lambda module, _, output: paths.leave(module, output))
    try:
        yield paths
    finally:
        before.remove()
        after.remove()


def first_shape(value: Any) -> Shape | None:
    """The shape of the first tensor in `value`, however it is nested."""
    found = first_tensor(value)
    return None if found is None else tuple(found.shape)
