"""torch.profiler with_flops: FLOPs of a few operators, from a run with data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import (
    Adjustments,
    CounterReading,
    HookLevel,
    Unit,
    base_name,
    is_contraction,
)
from convcost.counters.recorder import CallRecorder, on_submodules

if TYPE_CHECKING:
    import torch

UNREADABLE = {"aten::conv2d": "aten::conv2d with padding as a word or without a batch"}
"""Operators whose formula is not always used, with the reason."""

ELEMENTWISE = ("add", "mul")
"""Operators without products that have a formula."""

LABEL = "submodule "
"""The prefix of submodule events, before the path."""


class TorchProfiler:
    """Counts the recorded operators of a forward pass with data."""

    name = "torch_profiler"
    title = "torch.profiler"
    package = "torch"
    install = "pip install torch"
    unit: Unit = "FLOPs"
    hook_level: HookLevel = "operators"
    runs_on_meta = False
    counts = "2 × MACs of conv2d, mm, addmm, bmm and baddbmm; 1 for each element of add and mul"
    blind_spots = "Conv1d, Conv3d, transposed convolutions, padding='same', attention, matrix × vector"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Profile a forward pass, with an event around each submodule.

        Uses the profiler that torch.profiler.profile is based on, with the same formulas, to avoid importing
        torch._inductor.
        """
        import torch

        profiler = torch.autograd.profiler.profile(with_flops=True, use_kineto=False)
        with _quiet_stderr():
            with profiler, _labelled(module):
                module(*args, **kwargs)
            return _reading(module, profiler.function_events)


@contextmanager
def _labelled(module: torch.nn.Module) -> Iterator[None]:
    """Record an event for each submodule."""
    import torch

    running: list[Any] = []

    def start(path: str) -> None:
        running.append(torch.autograd.profiler.record_function(LABEL + path))
        running[-1].__enter__()

    with on_submodules(module, start, lambda: running.pop().__exit__(None, None, None)):
        yield


def _reading(module: torch.nn.Module, events: Any) -> CounterReading:
    recorder = CallRecorder(module)
    for event in events:
        path, callers = _submodule_and_callers(event)
        amount = int(event.flops or 0)
        if amount:
            is_counted_twice = is_contraction(event.name) and any(caller.flops for caller in callers)
            adjustments: Adjustments = ((CauseKind.COUNTED_TWICE, amount),) if is_counted_twice else ()
            recorder.count(path, event.name, amount, adjustments, _elementwise(event))
        if _is_missed(event, callers):
            recorder.miss(path, UNREADABLE.get(event.name, event.name))
    return recorder.reading(sum(event.flops or 0 for event in events))


def _elementwise(event: Any) -> int:
    """The count of add and mul by their rule: one per element of the first operand."""
    return prod(event.input_shapes[0]) if base_name(event.name) in ELEMENTWISE else 0


def _submodule_and_callers(event: Any) -> tuple[str, list[Any]]:
    """The submodule of an event, and the operators in it that called the event."""
    callers: list[Any] = []
    while (event := event.cpu_parent) is not None:
        if event.name.startswith(LABEL):
            return event.name.removeprefix(LABEL), callers
        callers.append(event)
    return "", callers


def _is_missed(event: Any, callers: list[Any]) -> bool:
    """Whether the event contracts and is not counted, unless the contraction that called it is missed too."""
    caller = next((each for each in callers if is_contraction(each.name)), None)
    return is_contraction(event.name) and not _is_counted(event) and (caller is None or _is_counted(caller))


def _is_counted(event: Any) -> bool:
    """Whether the event, or one that it called, is a counted contraction."""
    return bool(event.flops and is_contraction(event.name)) or any(map(_is_counted, event.cpu_children))


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Suppress output to file descriptor 2, where the profiler's C++ code logs each start and stop."""
    try:
        stderr, devnull = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:
        yield
        return
    sys.stderr.flush()
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(devnull)
