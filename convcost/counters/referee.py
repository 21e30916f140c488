"""Every counter's opinion of a model: run on a copy, in a process of its own, and explained exactly."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import Opinion
from convcost.core.report import Report, Verdict
from convcost.counters import is_installed
from convcost.counters.interface import Counter, Reading
from convcost.counters.parts import parameters_remark, places
from convcost.counters.peers import PEERS
from convcost.counters.reconcile import judge
from convcost.counters.run import DEFAULT_MEMORY, costly, first_line, impossible, unmeasured
from convcost.counters.side_effects import alterations, state
from convcost.counters.subject import Subject, copied, held, placed
from convcost.counters.subprocess_runner import run_in_subprocess
from convcost.counters.worker_result import WorkerResult, worker_result
from convcost.system.workers import EndedError, can_fork
from convcost.tracing.module_tree import original_module

if TYPE_CHECKING:
    import torch

SHARED = "sympy"
"""What torch imports as soon as a counter runs: once is enough, before each gets a process of its own."""

SECONDS = 300.0
"""What a counter may take."""


def opinions(
    module: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    report: Report,
    counters: tuple[Counter, ...],
    memory: int = DEFAULT_MEMORY,
    seconds: float = SECONDS,
) -> Iterator[tuple[str, Opinion]]:
    """Each counter's name and what it says of `module(*args, **kwargs)`, one after the other as they come.

    They stand beside convcost's `report` of the same call. The module is left as it is, whatever a counter
    does. A counter that would take more than `memory` bytes is skipped, one that is not done in `seconds`
    ended. They run with gradients or without as the caller does, which decides whether torch fuses attention.
    """
    subject = _reachable(Subject(original_module(module), tuple(args), kwargs))
    if len(counters) > 1:
        import_module(SHARED)
    for counter in counters:
        yield counter.name, _opinion(subject, report, counter, memory, seconds)


def _reachable(subject: Subject) -> Subject:
    """Tensors where a process that is a copy of this one can use them."""
    is_elsewhere = any(tensor.device.type not in {"cpu", "meta"} for tensor in held(subject))
    return placed(copied(subject), "cpu") if is_elsewhere else subject


def _opinion(subject: Subject, report: Report, counter: Counter, memory: int, seconds: float) -> Opinion:
    import torch

    too_much = costly(report, memory, torch.is_grad_enabled())
    hindrance = impossible(report) or ("" if counter.runs_on_meta else too_much)
    if hindrance:
        return _without_figure("skipped", counter, hindrance)
    if not is_installed(counter):
        return _without_figure(
            "unavailable", counter, f"{counter.package} is not installed: {counter.install}"
        )
    if counter in PEERS and not can_fork():
        return _without_figure("unavailable", counter, NO_PROCESS)
    device = "meta" if too_much else "cpu"
    heard = _testimony(subject, counter, device, seconds)
    remarks = (*heard.altered, *([ON_META] if device == "meta" else ()))
    if heard.reading is None:
        return _without_figure("unavailable", counter, heard.error)._replace(remarks=remarks)
    return _judged(subject, report, counter, heard.reading, remarks)


ON_META = "ran on the meta device"

NO_PROCESS = "it patches torch while it counts, and this system has no process of its own for it"


def _without_figure(verdict: Verdict, counter: Counter, reason: str) -> Opinion:
    return Opinion(counter.title, unmeasured(verdict, counter, reason))


def _testimony(subject: Subject, counter: Counter, device: str, seconds: float) -> WorkerResult:
    if not can_fork():
        return _run(copied(subject), counter, device)
    try:
        return worker_result(run_in_subprocess(lambda: _run(_own(subject), counter, device), seconds))
    except EndedError as end:
        return WorkerResult(None, str(end), ())


def _own(subject: Subject) -> Subject:
    """A copy; what cannot be copied is taken as it is, in a process that is a copy itself."""
    try:
        return copied(subject)
    except Exception:  # whatever a user's __deepcopy__ raises
        return subject


def _run(subject: Subject, counter: Counter, device: str) -> WorkerResult:
    """The counter's reading of `subject`, and how it left it; warnings are not the user's concern."""
    subject = placed(subject, device)
    before = state(subject.module)
    reading, error = None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reading = counter.read(*subject)
        except Exception as raised:
            error = first_line(raised)
    return WorkerResult(reading, error, alterations(before, state(subject.module)))


def _judged(
    subject: Subject, report: Report, counter: Counter, reading: Reading, remarks: tuple[str, ...]
) -> Opinion:
    trace = report.trace
    if trace is None:
        raise TypeError("a referee needs the report of a module")
    opinion = judge(trace, counter, reading, places(subject.module))
    counted = parameters_remark(subject.module, reading.params)
    return opinion._replace(remarks=(*opinion.remarks, *remarks, *([counted] if counted else ())))
