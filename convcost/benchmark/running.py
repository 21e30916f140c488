"""What is run again and again: a forward without gradients, or a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.benchmark.result import What
from convcost.core.errors import UsageError
from convcost.counters.subject import Subject
from convcost.tracing.module_tree import named_modules
from convcost.tracing.tensors import tensors

if TYPE_CHECKING:
    import torch

Call = Callable[[], object]


def running(what: What, found: Subject) -> Call:
    """A call that runs it once."""
    return _forward(found) if what == "forward" else _step(found)


@contextmanager
def mode(what: What, found: Subject) -> Iterator[None]:
    """A training step in training mode, except where parts are frozen in one that is in it already."""
    module = found.module
    if what == "forward" or module.training:
        yield
        return
    before = [(part, part.training) for part in named_modules(module).values()]
    module.train()
    try:
        yield
    finally:
        for part, was_training in before:
            part.training = was_training


def compiled(found: Subject) -> Subject:
    """The same, as torch.compile makes it; it is compiled when it is first run."""
    import torch

    module: Any = torch.compile(found.module)
    return found._replace(module=module)


def _forward(found: Subject) -> Call:
    import torch

    module, args, kwargs = found

    def forward() -> None:
        with torch.no_grad():
            module(*args, **kwargs)

    return forward


def _step(found: Subject) -> Call:
    """Forward, backward from ones at every output, gradients set to none first; no optimizer."""
    import torch

    module, args, kwargs = found
    ones: list[torch.Tensor] = []

    def step() -> None:
        module.zero_grad(set_to_none=True)
        with torch.enable_grad():
            ends = _ends(module(*args, **kwargs))
            if len(ones) != len(ends):
                ones[:] = map(torch.ones_like, ends)
            torch.autograd.backward(ends, ones)

    return step


def _ends(output: Any) -> list[torch.Tensor]:
    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    if not ends:
        raise UsageError("nothing in it is trained: no output has a gradient")
    return ends
