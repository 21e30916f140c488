"""torch.profiler's with_flops: FLOPs of the few operators it has formulas for, from a real run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import Reading, Unit, Watches, bare, contracts
from convcost.counters.notes import Notes, Shares, entered

if TYPE_CHECKING:
    import torch

UNREADABLE = {"aten::conv2d": "aten::conv2d with padding as a word or without a batch"}
"""Operators that have a formula, and what keeps it from being used."""

ELEMENTWISE = ("add", "mul")
"""Operators without products that have a formula."""

LABEL = "submodule "
"""What the events of submodules are called, before their paths."""


class TorchProfiler:
    """Counts the recorded operators of a real forward."""

    name = "torch_profiler"
    title = "torch.profiler"
    package = "torch"
    install = "pip install torch"
    unit: Unit = "FLOPs"
    watches: Watches = "operators"
    runs_on_meta = False
    counts = "2 × MACs of conv2d, mm, addmm, bmm and baddbmm; one for each element of add and mul"
    blind_spots = "Conv1d, Conv3d, transposed convolutions, padding='same', attention, matrix × vector"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Record a forward, and in it what belongs to which submodule.

        The recorder beneath torch.profiler.profile, which has the same formulas; starting the whole of it
        would import torch._inductor, and take as long as importing torch.
        """
        import torch

        recorder = torch.autograd.profiler.profile(with_flops=True, use_kineto=False)
        with _quiet_stderr():
            with recorder, _labelled(module):
                module(*args, **kwargs)
            return _reading(recorder.function_events)


@contextmanager
def _labelled(module: torch.nn.Module) -> Iterator[None]:
    """An event around everything that a submodule does."""
    import torch

    running: list[Any] = []

    def start(path: str) -> None:
        running.append(torch.autograd.profiler.record_function(LABEL + path))
        running[-1].__enter__()

    with entered(module, start, lambda: running.pop().__exit__(None, None, None)):
        yield


def _reading(events: Any) -> Reading:
    notes = Notes()
    for event in events:
        path, around = _place(event)
        amount = int(event.flops or 0)
        is_again = contracts(event.name) and any(found.flops for found in around)
        if amount:
            again: Shares = (("again", amount if is_again else 0),)
            notes.count(path, event.name, amount, again, rule=_elementwise(event))
        if _is_missed(event, around):
            notes.miss(path, UNREADABLE.get(event.name, event.name))
    return notes.reading(sum(event.flops or 0 for event in events))


def _elementwise(event: Any) -> int:
    """What add and mul count by their rule: one for each element of the first operand."""
    return prod(event.input_shapes[0]) if bare(event.name) in ELEMENTWISE else 0


def _place(event: Any) -> tuple[str, list[Any]]:
    """The submodule that an event is of, and the operators there that it is a part of."""
    around: list[Any] = []
    while (event := event.cpu_parent) is not None:
        if event.name.startswith(LABEL):
            return event.name.removeprefix(LABEL), around
        around.append(event)
    return "", around


def _is_missed(event: Any, around: list[Any]) -> bool:
    """Whether it contracts and counts nothing, though what it is a part of does, or is nothing."""
    whole = next((found for found in around if contracts(found.name)), None)
    return contracts(event.name) and not _multiplies(event) and (whole is None or _multiplies(whole))


def _multiplies(event: Any) -> bool:
    """Whether the event or a part of it is counted and contracts."""
    return bool(event.flops and contracts(event.name)) or any(map(_multiplies, event.cpu_children))


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Nothing written to file descriptor 2, where the profiler's C++ side logs each start and stop."""
    try:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:
        yield
        return
    sys.stderr.flush()
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
