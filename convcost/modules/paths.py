"""Which module is running: hooks on a copy's modules keep a stack of paths in each thread."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.modules.tensors import first_tensor, shape_of
from convcost.quantities import Shape

if TYPE_CHECKING:
    import torch

HOOK = "convcost"
"""The key of the hooks among a module's own."""


@dataclass
class Visit:
    """A submodule that ran: how often, and the shapes of its first input and output at the first call."""

    input: Shape | None = None
    output: Shape | None = None
    calls: int = 0


class Stack(threading.local):
    """The paths of the submodules that are running in this thread, innermost last."""

    def __init__(self) -> None:
        self.running = [""]


@dataclass
class Paths:
    """The submodules that have run, by path, and those that are running.

    In the backward a module runs again where checkpointing repeats it, which is no further visit.
    """

    visits: dict[str, Visit] = field(default_factory=dict)
    is_backward: bool = False
    stack: Stack = field(default_factory=Stack)

    def __deepcopy__(self, _: Any) -> Paths:
        """A module that is copied as it runs is followed as the one that it was copied from."""
        return self

    @property
    def current(self) -> str:
        """The path of the innermost submodule that is running; empty for the model itself."""
        return self.stack.running[-1]

    def enter(self, path: str, _: torch.nn.Module, arguments: Any) -> None:
        """As the submodule at `path` is called with `arguments`."""
        self.stack.running.append(path)
        self.visits.setdefault(path, Visit(first_shape(arguments))).calls += not self.is_backward

    def leave(self, path: str, module: torch.nn.Module, _: Any, output: Any) -> None:
        """As it returns `output`, or raises, which then says where."""
        self.stack.running.pop()
        error = sys.exc_info()[1] if output is None and path else None
        if error is not None and not hasattr(error, "__notes__"):
            error.add_note(f"in submodule {path} ({type(module).__name__})")
        visit = self.visits[path]
        if visit.output is None:
            visit.output = first_shape(output)


def followed(submodules: Mapping[str, torch.nn.Module]) -> Paths:
    """The paths of `submodules`, kept up by hooks on them, which come before their own and stay."""
    paths = Paths()
    for path, submodule in submodules.items():
        attributes = vars(submodule)
        before, after = attributes["_forward_pre_hooks"], attributes["_forward_hooks"]
        attributes["_forward_pre_hooks"] = OrderedDict([(HOOK, partial(paths.enter, path)), *before.items()])
        attributes["_forward_hooks"] = OrderedDict([(HOOK, partial(paths.leave, path)), *after.items()])
        attributes["_forward_hooks_always_called"][HOOK] = True
    return paths


def first_shape(value: Any) -> Shape | None:
    """The shape of the first tensor in `value`, however it is nested."""
    found = first_tensor(value)
    return None if found is None else shape_of(found)
