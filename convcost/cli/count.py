"""Designs and models beside every counter that is asked, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from convcost.cli.progress import shown
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.core.report import CounterResult, Report
from convcost.counters.interface import Counter
from convcost.layers.network import Network

if TYPE_CHECKING:
    from convcost.tracing.target import Profiled


def verdicts(
    subject: Network | Profiled, report: Report, counters: tuple[Counter, ...], memory: int
) -> Iterator[tuple[str, CounterResult]]:
    """What each counter says of what `report` is about, and why in a sentence."""
    if isinstance(subject, Network):
        from convcost.counters.crosscheck import crosscheck_design

        yield from crosscheck_design(subject, report, counters, memory)
        return
    from convcost.counters.crosscheck import crosscheck_model

    module, args, kwargs = subject.module, subject.args, subject.kwargs
    for name, diagnosis in crosscheck_model(module, args, kwargs, report, counters, memory):
        yield name, diagnosis.summary


def refereed(
    found: Profiled, report: Report, counters: tuple[Counter, ...], memory: int
) -> Report | DiagnosedReport:
    """`report`, of the model that was `found`, with what `counters` say of it; as it is if there are none."""
    if not counters:
        return report
    if report.open_names:
        names = ", ".join(report.open_names)
        raise UsageError(f"--counters needs a number for {names}", hint="A counter runs the model.")
    from convcost.counters.crosscheck import crosscheck_model

    diagnoses = crosscheck_model(found.module, found.args, found.kwargs, report, counters, memory)
    asking = shown(counters, len(counters), lambda counter: f"asking {counter.title}")
    return DiagnosedReport(report, dict(next(diagnoses) for _ in asking))
