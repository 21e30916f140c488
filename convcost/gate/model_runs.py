"""Counts models in a worker process, one by one, so that a crashing model does not end the check."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.counters.subprocess_runner import use_one_thread
from convcost.gate.checks import check_counters
from convcost.gate.counting import count_entry
from convcost.gate.entry import Entry
from convcost.gate.result import EntryCheck
from convcost.system.worker_pool import WorkerPool, close_stdin
from convcost.system.workers import Sender, WorkerEndedError, can_fork

TIMEOUT_HINT = "Allow more time: timeout = SECONDS, or --timeout SECONDS."


class ModelRun(NamedTuple):
    """A model's report and the checks of its counters, or why there is none."""

    report: Report | None
    counter_checks: tuple[EntryCheck, ...] = ()
    failure: str = ""


def run_models(entries: Sequence[Entry], folder: Path) -> Iterator[tuple[Entry, ModelRun]]:
    """Run each entry. If a run ends the worker process, a new one continues with the next entry."""
    if not can_fork():
        yield from ((entry, _run(entry, folder)) for entry in entries)
        return
    pool = WorkerPool(entries, _worker_task(folder), lambda entry: entry.timeout)
    for entry, answer in pool.answers():
        yield entry, answer if isinstance(answer, ModelRun) else _failed_run(entry, answer)


def _failed_run(entry: Entry, answer: object) -> ModelRun:
    end = (
        answer
        if isinstance(answer, WorkerEndedError)
        else WorkerEndedError("it wrote to convcost's own pipe")
    )
    hint = f"\n{TIMEOUT_HINT}" if end.timed_out else ""
    return ModelRun(None, failure=f"{entry.text} could not be counted: {end}{hint}")


def _worker_task(folder: Path) -> Callable[[Sequence[Entry], Sender], None]:
    """The worker's task. torch is imported here first, so that every worker inherits it."""
    is_torch_used = "torch" in sys.modules  # its threads do not survive a fork
    import_module("torch")

    def count_all(entries: Sequence[Entry], send: Sender) -> None:
        if is_torch_used:
            use_one_thread()
        close_stdin()
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
