"""torch.profiler's with_flops: FLOPs of the few operators it has formulas for, from a real run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CONTRACTING, Reading, Unit

if TYPE_CHECKING:
    import torch

UNREADABLE = {"aten::conv2d": "aten::conv2d with padding as a word"}
"""Operators that have a formula, and what keeps it from being used."""

ELEMENTWISE = ("aten::add", "aten::mul")


class TorchProfiler:
    """Counts the recorded operators of a real forward."""

    name = "torch_profiler"
    title = "torch.profiler"
    package = "torch"
    unit: Unit = "FLOPs"
    runs_on_meta = False
    counts = "2 × MACs of conv2d, mm, addmm, bmm and baddbmm; one for each element of add and mul"
    blind_spots = "Conv1d, Conv3d, transposed convolutions, padding='same', attention, matrix × vector"

    def read(self, module: torch.nn.Module, example: torch.Tensor) -> Reading:
        """Record a forward.

        The recorder beneath torch.profiler.profile, which has the same formulas; starting the whole of it
        would import torch._inductor, and take as long as importing torch.
        """
        import torch

        recorder = torch.autograd.profiler.profile(with_flops=True, use_kineto=False)
        with _quiet_stderr():
            with recorder:
                module(example)
            return _reading(recorder.function_events)


def _reading(events: Any) -> Reading:
    counted: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for event in events:
        counted[event.name] += event.flops or 0
        if event.cpu_parent is None and event.name in CONTRACTING and not _counts_anything(event):
            missed[UNREADABLE.get(event.name, event.name)] += 1
    return Reading(
        operators={name: n for name, n in counted.items() if n and name not in ELEMENTWISE},
        others={name: n for name, n in counted.items() if n and name in ELEMENTWISE},
        missed=missed,
    )


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


def _counts_anything(event: Any) -> bool:
    return bool(event.flops) or any(map(_counts_anything, event.cpu_children))
