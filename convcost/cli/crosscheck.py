"""Costs with the counters' verdicts, which a terminal shows as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from convcost.cli.options import CounterOptions
from convcost.cli.output import (
    emit,
    is_terminal,
    print_error,
    print_result,
    show_cursor,
    show_progress,
    style,
)
from convcost.core.comparison import Comparison
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.core.report import CounterResult, Report
from convcost.core.weights import WeightsReport, require_costs
from convcost.counters import COUNTERS, select_counters
from convcost.counters.interface import Counter
from convcost.layers.network import Network
from convcost.render import render
from convcost.system.signals import cleanup

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel

Reports: TypeAlias = tuple[Report, ...]

Countables: TypeAlias = tuple["Network | ProfiledModel", ...]
"""The network or module of each report, for counters to run."""

MakeResult: TypeAlias = Callable[[Reports], Comparison | Report]


def print_with_verdicts(
    reports: Reports,
    countables: Callable[[], Countables],
    make_result: MakeResult,
    options: CounterOptions,
    format_name: str,
    below: str = "",
    **style_options: Any,
) -> None:
    """Print `make_result(reports)` with the counters' verdicts; with --strict, exit with 1 if one differs.

    `below` is printed after it; `style_options` select what is shown.
    """
    states = _with_verdicts(reports, countables, options)
    if format_name == "table" and options.counters != "none" and is_terminal():
        final = _print_live(states, make_result, style_options)
    else:
        *_, final = states
        print_result(make_result(final), format_name, **style_options)
    emit(below)
    if options.strict:
        exit_if_wrong(*final)


def final_verdicts(
    reports: Reports, countables: Callable[[], Countables], options: CounterOptions
) -> Reports:
    """The reports with the verdicts of all requested counters."""
    *_, final = _with_verdicts(reports, countables, options)
    return final


def exit_if_wrong(*results: Report | DiagnosedReport) -> None:
    """Exit with 1 and a message if an operator is not counted or a counter differs."""
    reports = [result.report if isinstance(result, DiagnosedReport) else result for result in results]
    counted = [*reports, *(report.per_rank for report in reports if report.per_rank)]
    is_partial = any(report.trace is not None and report.trace.is_partial for report in counted)
    if is_partial:
        print_error("the count is partial: an operator is not counted")
    differing = dict.fromkeys(title for result in results for title in _differing_titles(result))
    if differing:
        print_error(f"differs from the exact count: {', '.join(differing)}")
    if is_partial or differing:
        raise typer.Exit(1)


def _differing_titles(result: Report | DiagnosedReport) -> Iterator[str]:
    """The titles of the counters that differ."""
    if isinstance(result, DiagnosedReport):
        yield from result.differing
        return
    for name, found in result.counters.items():
        if found is not None and found.verdict == "differs":
            yield COUNTERS[name].title


def _with_verdicts(
    reports: Reports, countables: Callable[[], Countables], options: CounterOptions
) -> Iterator[Reports]:
    """The reports with all verdicts pending, then again after each verdict."""
    is_open = any(report.open_names for report in reports)
    are_weights = all(isinstance(report, WeightsReport) for report in reports)
    names = options.counters or "all"
    counters = select_counters("none" if (is_open or are_weights) and names == "all" else names)
    max_bytes = options.max_bytes
    pending: dict[str, CounterResult | None] = dict.fromkeys(counter.name for counter in counters)
    current = [replace(report, counters=pending) for report in reports]
    yield tuple(current)
    if not counters:
        return
    for place, (report, countable) in enumerate(zip(reports, countables(), strict=True)):
        for name, result in _verdicts(countable, report, counters, max_bytes):
            current[place] = replace(current[place], counters={**current[place].counters, name: result})
            yield tuple(current)


def _print_live(
    states: Iterator[Reports], make_result: MakeResult, style_options: Mapping[str, Any]
) -> Reports:
    """Print the costs, and below them the counters' table, updated as verdicts arrive."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    final = next(states)
    print_result(make_result(final), "table", **style_options, part="costs")
    counters_style = style(**style_options, part="counters")

    def table() -> Text:
        return Text.from_ansi(render(make_result(final), "table", counters_style))

    live = Live(table(), console=Console(width=counters_style.width), auto_refresh=False)
    with cleanup(show_cursor):
        try:
            live.start(refresh=True)
            for state in states:
                final = state
                live.update(table(), refresh=True)
        finally:
            live.stop()
    return final


def _verdicts(
    countable: Network | ProfiledModel, report: Report, counters: tuple[Counter, ...], max_bytes: int
) -> Iterator[tuple[str, CounterResult]]:
    """The verdict of each counter on a network or module, with its cause in a sentence."""
    if isinstance(countable, Network):
        from convcost.counters.crosscheck import crosscheck_design

        yield from crosscheck_design(countable, report, counters, max_bytes)
        return
    from convcost.counters.crosscheck import crosscheck_model

    module, args, kwargs = countable.module, countable.args, countable.kwargs
    for name, diagnosis in crosscheck_model(module, args, kwargs, report, counters, max_bytes):
        yield name, diagnosis.summary


def diagnose_model(
    profiled: ProfiledModel, report: Report, counters: tuple[Counter, ...], max_bytes: int
) -> Report | DiagnosedReport:
    """`report` with the diagnoses of `counters` run on its model; unchanged without counters."""
    if not counters:
        return report
    require_costs((report,), "--counters")
    if report.open_names:
        names = ", ".join(report.open_names)
        raise UsageError(f"--counters needs a number for {names}", hint="A counter runs the model.")
    from convcost.counters.crosscheck import crosscheck_model

    found = crosscheck_model(profiled.module, profiled.args, profiled.kwargs, report, counters, max_bytes)
    asked = show_progress(counters, len(counters), lambda counter: f"running {counter.title}")
    return DiagnosedReport(report, dict(next(found) for _ in asked))
