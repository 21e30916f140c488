"""Models counted in a worker process, one after the other: a model that crashes does not end the check."""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.counters.subprocess_runner import use_one_thread
from convcost.gate.checks import check_counters
from convcost.gate.counting import count_entry
from convcost.gate.entry import Entry
from convcost.gate.result import EntryCheck
from convcost.system.workers import EndedError, Worker, can_fork

TRUSTED_PACKAGES = ("builtins", "collections", "convcost", "decimal", "fractions", "sympy", "torch")
"""The packages whose classes an answer may be made of."""

TIMEOUT_HINT = "More time is given by timeout = SECONDS, or by --timeout."


class ModelRun(NamedTuple):
    """A model's report, and the checks of its counters; or why there is none."""

    report: Report | None
    counter_checks: tuple[EntryCheck, ...] = ()
    failure: str = ""


def run_models(entries: Sequence[Entry], folder: Path) -> Iterator[tuple[Entry, ModelRun]]:
    """Each entry with its run. If a run ends the worker process, a new one goes on with the next entry."""
    if not can_fork():
        yield from ((entry, _run(entry, folder)) for entry in entries)
        return
    remaining = [*entries]
    while remaining:
        worker = Worker(_worker_task(remaining, folder))
        try:
            while remaining:
                run = _receive_run(worker, remaining[0])
                yield remaining.pop(0), run
                if run.report is None and worker.has_ended:
                    break
        finally:
            worker.stop()


def _receive_run(worker: Worker, entry: Entry) -> ModelRun:
    try:
        run = _unpickle_run(worker.answer(entry.timeout))
        if run is None:
            raise EndedError("it wrote to convcost's pipe")
        return run
    except EndedError as end:
        worker.stop()
        hint = f"\n{TIMEOUT_HINT}" if end.timed_out else ""
        return ModelRun(None, failure=f"{entry.text} could not be counted: {end}{hint}")


def _worker_task(entries: Sequence[Entry], folder: Path) -> Callable[[Callable[[bytes], None]], None]:
    """What the worker process does. Its parent imports torch first, so that a second process need not."""
    is_torch_used = "torch" in sys.modules  # maybe on threads, which no copy of this process has
    import_module("torch")

    def count_all(send: Callable[[bytes], None]) -> None:
        if is_torch_used:
            use_one_thread()
        with open(os.devnull, "rb") as nothing:  # or a model that reads would wait, or be stopped
            os.dup2(nothing.fileno(), 0)
        here = Path.cwd()
        for entry in entries:
            run = _run(entry, folder)
            send(pickle.dumps(run))
            os.chdir(here)

    return count_all


def _run(entry: Entry, folder: Path) -> ModelRun:
    try:
        counted = count_entry(entry, folder)
        return ModelRun(counted.report, check_counters(counted))
    except ConvcostError as error:
        return ModelRun(None, failure=str(error))


class _RestrictedUnpickler(pickle.Unpickler):
    """Unpickles what the worker sends, of trusted classes alone: a model may write to the same pipe."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if module.partition(".")[0] not in TRUSTED_PACKAGES or not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def _unpickle_run(answer: bytes) -> ModelRun | None:
    """The run that the worker sent; None for data that it did not send."""
    try:
        run = _RestrictedUnpickler(io.BytesIO(answer)).load()
    except Exception:  # such data can raise anything
        return None
    return run if isinstance(run, ModelRun) else None
