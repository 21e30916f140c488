"""Models counted in a worker process, one after the other: one that ends it does not end the check."""

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
from convcost.gate.agreement import agreements
from convcost.gate.check import LimitCheck
from convcost.gate.counting import CountedEntry, counted
from convcost.gate.entry import Entry
from convcost.system.workers import EndedError, Worker, can_fork

TRUSTED = ("builtins", "collections", "convcost", "decimal", "fractions", "sympy", "torch")
"""The packages whose classes an answer may be made of."""

HOW_LONG = "More time is given by timeout = SECONDS, or by --timeout."


class ModelRun(NamedTuple):
    """A model's report, and what its counters say; or why there is none."""

    report: Report | None
    agreements: tuple[LimitCheck, ...] = ()
    failure: str = ""


def model_runs(entries: Sequence[Entry], folder: Path) -> Iterator[tuple[Entry, ModelRun]]:
    """What came of each; after one that ended its process, another process goes on with the next."""
    if not can_fork():
        yield from ((entry, _run(entry, folder)) for entry in entries)
        return
    remaining = [*entries]
    while remaining:
        worker = Worker(_life(remaining, folder))
        try:
            while remaining:
                run = _answer(worker, remaining[0])
                yield remaining.pop(0), run
                if run.report is None and worker.has_ended:
                    break
        finally:
            worker.stop()


def _answer(worker: Worker, entry: Entry) -> ModelRun:
    try:
        run = _read(worker.answer(entry.timeout))
        if run is None:
            raise EndedError("it wrote to convcost's pipe")
        return run
    except EndedError as end:
        worker.stop()
        hint = f"\n{HOW_LONG}" if end.is_late else ""
        return ModelRun(None, failure=f"{entry.text} could not be counted: {end}{hint}")


def _life(entries: Sequence[Entry], folder: Path) -> Callable[[Callable[[bytes], None]], None]:
    """What the process does. Its parent imports torch first, so that a second process need not."""
    is_torch_used = "torch" in sys.modules  # maybe on threads, which no copy of this process has
    import_module("torch")

    def life(send: Callable[[bytes], None]) -> None:
        if is_torch_used:
            use_one_thread()
        with open(os.devnull, "rb") as nothing:  # or a model that reads would wait, or be stopped
            os.dup2(nothing.fileno(), 0)
        here = Path.cwd()
        for entry in entries:
            run = _run(entry, folder)
            send(pickle.dumps(run))
            os.chdir(here)

    return life


def _run(entry: Entry, folder: Path) -> ModelRun:
    try:
        found = counted(entry, folder)
        return ModelRun(found.report, tuple(_agreements(found)))
    except ConvcostError as error:
        return ModelRun(None, failure=str(error))


def _agreements(found: CountedEntry) -> tuple[LimitCheck, ...]:
    return agreements(found) if found.entry.counters else ()


class _Answers(pickle.Unpickler):
    """Reads what the worker sends: data of convcost's own classes, of which a model may have made another."""

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        if module.partition(".")[0] not in TRUSTED or not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found


def _read(answer: bytes) -> ModelRun | None:
    """What it says; None for what no worker has sent."""
    try:
        run = _Answers(io.BytesIO(answer)).load()
    except Exception:  # whatever such data make of it
        return None
    return run if isinstance(run, ModelRun) else None
