"""Costs with the counters' verdicts, shown as they come in where someone watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import typer

from convcost.cli.output import emit, is_terminal, show_cursor, show_progress, style
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.core.report import Comparison, CounterResult, Report
from convcost.core.units import parse_bytes
from convcost.counters import select_counters
from convcost.counters.interface import Counter
from convcost.layers.network import Network
from convcost.render import check_format, render
from convcost.render.style import Style
from convcost.system.signals import cleanup

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel


class OutputOptions(NamedTuple):
    """What the options say about the counters and the output."""

    counters: str
    max_memory: str
    strict: bool
    format: str
    json: bool
    layers: bool = False


Reports = tuple[Report, ...]

Subjects = tuple["Network | ProfiledModel", ...]
"""What is behind each report."""


def present(
    reports: Reports,
    subjects: Callable[[], Subjects],
    gather: Callable[[Reports], Comparison | Report],
    wishes: OutputOptions,
) -> None:
    """Print `gather(reports)` with the counters' verdicts; exit 1 under --strict if one differs."""
    format_name = "json" if wishes.json else wishes.format
    check_format(format_name)
    seen = style(layers=wishes.layers)
    states = _counted(reports, subjects, wishes)
    if format_name == "table" and wishes.counters != "none" and is_terminal():
        final = _show_filling_in(states, gather, seen)
    else:
        *_, final = states
        emit(render(gather(final), format_name, seen))
    if wishes.strict and any(_differs(report) for report in final):
        raise typer.Exit(1)


def _differs(report: Report) -> bool:
    return any(result is not None and result.verdict == "differs" for result in report.counters.values())


def _counted(reports: Reports, subjects: Callable[[], Subjects], wishes: OutputOptions) -> Iterator[Reports]:
    """The reports with every verdict pending, then with one more at each step."""
    is_open = any(report.open_names for report in reports)
    counters = select_counters("none" if is_open and wishes.counters == "all" else wishes.counters)
    memory = parse_bytes(wishes.max_memory)
    pending: dict[str, CounterResult | None] = dict.fromkeys(counter.name for counter in counters)
    current = [replace(report, counters=pending) for report in reports]
    yield tuple(current)
    if not counters:
        return
    for place, (report, subject) in enumerate(zip(reports, subjects(), strict=True)):
        for name, result in verdicts(subject, report, counters, memory):
            current[place] = replace(current[place], counters={**current[place].counters, name: result})
            yield tuple(current)


def _show_filling_in(
    states: Iterator[Reports], gather: Callable[[Reports], Comparison | Report], seen: Style
) -> Reports:
    """The costs at once, and below them the counters' table as it fills."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    final = next(states)
    emit(render(gather(final), "table", seen._replace(part="costs")))
    counting = seen._replace(part="counters")

    def shown() -> Text:
        return Text.from_ansi(render(gather(final), "table", counting))

    live = Live(shown(), console=Console(width=seen.width), auto_refresh=False)
    with cleanup(show_cursor):
        try:
            live.start(refresh=True)
            for state in states:
                final = state
                live.update(shown(), refresh=True)
        finally:
            live.stop()
    return final


def verdicts(
    subject: Network | ProfiledModel, report: Report, counters: tuple[Counter, ...], memory: int
) -> Iterator[tuple[str, CounterResult]]:
    """What each counter says of what `report` is about, and why in a sentence."""
    if isinstance(subject, Network):
        from convcost.counters.crosscheck import crosscheck_design

        yield from crosscheck_design(subject, report, counters, memory)
        return
    from convcost.counters.crosscheck import crosscheck_model

    module, args, kwargs = subject.module, subject.args, subject.kwargs
    for name, opinion in crosscheck_model(module, args, kwargs, report, counters, memory):
        yield name, opinion.summary


def refereed(
    found: ProfiledModel, report: Report, counters: tuple[Counter, ...], memory: int
) -> Report | DiagnosedReport:
    """`report`, of the model that was `found`, with what `counters` say of it; as it is if there are none."""
    if not counters:
        return report
    if report.open_names:
        names = ", ".join(report.open_names)
        raise UsageError(f"--counters needs a number for {names}", hint="A counter runs the model.")
    from convcost.counters.crosscheck import crosscheck_model

    heard = crosscheck_model(found.module, found.args, found.kwargs, report, counters, memory)
    asking = show_progress(counters, len(counters), lambda counter: f"asking {counter.title}")
    return DiagnosedReport(report, dict(next(heard) for _ in asking))
