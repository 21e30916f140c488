"""Which module is running: global hooks keep a stack of names while a model's forward runs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, Any

from convcost.modules.tensors import first_tensor, shape_of
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

    What other threads run meanwhile is another model's, or is out of sight: `elsewhere` has the calls of
    submodules there by path and input.
    """

    names: dict[int, str]
    running: list[str] = field(default_factory=lambda: [""])
    visits: dict[str, Visit] = field(default_factory=dict)
    elsewhere: Counter[tuple[str, Shape | None]] = field(default_factory=Counter)
    thread: int = field(default_factory=get_ident)

    @property
    def current(self) -> str:
        """The path of the innermost submodule that is running; empty for the model itself."""
        return self.running[-1]

    def enter(self, module: torch.nn.Module, arguments: Any) -> None:
        """As `module` is called with `arguments`; one that is none of the model's counts as its caller."""
        if get_ident() != self.thread:
            self._note_elsewhere(module, arguments)
            return
        path = self.names.get(id(module), self.current)
        self.running.append(path)
        if id(module) in self.names:
            visit = self.visits.setdefault(path, Visit(first_shape(arguments)))
            visit.calls += 1

    def leave(self, module: torch.nn.Module, output: Any) -> None:
        """As `module` returns `output`, or raises, which then says where."""
        if get_ident() != self.thread:
            return
        path = self.running.pop()
        error = sys.exc_info()[1] if output is None and path else None
        if error is not None and not hasattr(error, "__notes__"):
            error.add_note(f"in submodule {path} ({type(module).__name__})")
        visit = self.visits.get(path)
        if visit and visit.output is None and id(module) in self.names:
            visit.output = first_shape(output)

    def _note_elsewhere(self, module: torch.nn.Module, arguments: Any) -> None:
        """A container's calls are those of what it contains."""
        if id(module) in self.names and not module._modules:
            self.elsewhere[self.names[id(module)], first_shape(arguments)] += 1


@contextmanager
def followed(submodules: Mapping[str, torch.nn.Module]) -> Iterator[Paths]:
    """The paths of a model's `submodules`, kept up while anything of it runs inside the block."""
    from torch.nn.modules import module as hooks

    paths = Paths({id(submodule): name for name, submodule in submodules.items()})
    before = hooks.register_module_forward_pre_hook(paths.enter)
    after = hooks.register_module_forward_hook(
        lambda module, _, output: paths.leave(module, output), always_call=True
    )
    try:
        yield paths
    finally:
        before.remove()
        after.remove()


def first_shape(value: Any) -> Shape | None:
    """The shape of the first tensor in `value`, however it is nested."""
    found = first_tensor(value)
    return None if found is None else shape_of(found)
