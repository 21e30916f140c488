"""A model beside every counter that is asked, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.cli.progress import shown
from convcost.counters.interface import Counter
from convcost.errors import UsageError
from convcost.refereed import Refereed
from convcost.report import Report

if TYPE_CHECKING:
    from convcost.modules.target import Profiled


def refereed(
    found: Profiled, report: Report, counters: tuple[Counter, ...], memory: int
) -> Report | Refereed:
    """`report`, of the model that was `found`, with what `counters` say of it; as it is if there are none."""
    if not counters:
        return report
    if report.open_names:
        names = ", ".join(report.open_names)
        raise UsageError(f"--counters needs a number for {names}", hint="A counter runs the model.")
    from convcost.counters.referee import opinions

    heard = opinions(found.module, found.args, found.kwargs, report, counters, memory)
    asking = shown(counters, len(counters), lambda counter: f"asking {counter.title}")
    return Refereed(report, dict(next(heard) for _ in asking))
