"""Measured times with their spreads, and the roofline lower bound of the same device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcost.benchmark.timing import Timing
from convcost.core.comparison import Comparison
from convcost.core.report import Report
from convcost.render.charts.data import Bar, BarChart, ChartAxis, ChartOptions, Figure, Segment
from convcost.render.charts.figures.captions import designs_title
from convcost.render.charts.ticks import amount_text
from convcost.render.estimates.timing import label, timing_notes

MEDIAN = "median"


def report_figure(report: Report, options: ChartOptions) -> Figure | None:
    """The times of a design; None if not measured."""
    return _figure((report,))


def comparison_figure(comparison: Comparison, options: ChartOptions) -> Figure | None:
    """The times of the candidates; None if not measured."""
    return _figure(comparison.candidates)


def _figure(reports: Sequence[Report]) -> Figure | None:
    timed = [(report, report.time) for report in reports if report.time]
    bars = tuple(bar for report, time in timed for bar in _bars(report, time, is_single=len(timed) == 1))
    if not bars:
        return None
    time = timed[0][1]
    measured = f"Medians and quartiles on {time.device}, {time.dtype}"
    chart = BarChart(measured, ChartAxis("median", "s"), bars, _bound_name(timed))
    title = f"Times of {designs_title([report for report, _ in timed])}"
    medians = ", ".join(f"{bar.label} {amount_text(bar.total, 's')}" for bar in bars)
    return Figure(title, (chart,), f"{title}, medians: {medians}.", tuple(timing_notes(reports)))


def _bars(report: Report, time: Timing, is_single: bool) -> Iterator[Bar]:
    """The bars of a design; runs that failed are in the notes."""
    roofline = time.comparable(report.roofline)
    for run in time.runs:
        if run.samples:
            low, high = run.samples.quartiles
            name = label(run) if is_single else f"{report.name}, {label(run)}"
            bound = run.lower_bound(roofline) if roofline else None
            yield Bar(name, (Segment(MEDIAN, run.samples.median, low, high),), bound)


def _bound_name(timed: Sequence[tuple[Report, Timing]]) -> str:
    """The name of the bars' bounds; empty without bounds."""
    rooflines = [time.comparable(report.roofline) for report, time in timed]
    names = dict.fromkeys(roofline.device.name for roofline in rooflines if roofline)
    return f"roofline lower bound on {', '.join(names)}" if names else ""
