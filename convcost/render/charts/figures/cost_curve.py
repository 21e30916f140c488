"""Cost by one open size: a curve for each design, and break-even points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from convcost.core.breakeven import BreakEven
from convcost.core.comparison import Comparison
from convcost.core.cost import BATCH_LIKE, example_size
from convcost.core.errors import ConvcostError, UsageError, join_words, unknown_name
from convcost.core.metrics import Metric
from convcost.core.report import Report
from convcost.render.breakeven import crossing_text
from convcost.render.charts.data import (
    ChartAxis,
    ChartOptions,
    Figure,
    MarkedPoint,
    Number,
    Point,
    Series,
    XYChart,
)
from convcost.render.charts.figures.captions import (
    chart_metric,
    designs_title,
    metric_axis,
    sizes_and_convention,
)
from convcost.render.charts.figures.samples import sample
from convcost.render.charts.names import shorten
from convcost.render.charts.scales import needs_log

DEFAULT_END = 1024
"""The end of the default range without break-even points."""

FARTHEST_MARK = 2**40
"""Break-even points beyond are not marked."""

MOST_MARKS = 12

LONGEST_MARKED = 16
"""The most characters of a design's name at its break-even point."""


def comparison_figure(comparison: Comparison, options: ChartOptions) -> Figure | None:
    """The curves of a comparison; None without an open size."""
    return _figure(comparison.candidates, options) if comparison.is_open else None


def report_figure(report: Report, options: ChartOptions) -> Figure | None:
    """The curve of one design; None without an open size."""
    return _figure((report,), options) if report.open_names else None


def _figure(reports: tuple[Report, ...], options: ChartOptions) -> Figure:
    metric = chart_metric(options.metric)
    size, assumed = _drawn_size(reports, options)
    reports = tuple(_with_ones(report, assumed) for report in reports)
    marks = _marks(reports, metric, size)
    values = options.ranges.get(size) or _default_range(marks)
    series = tuple(_series(reports, metric, size, values, marks))
    if not any(each.points for each in series):
        message = f"no design takes {size} from {values[0]:,} to {values[-1]:,}"
        raise UsageError(
            message,
            hint=f"Choose another range, such as {size}=1:512.",
            cli_hint=f"Choose another range: --plot-range {size}=1:512.",
        )
    inside = tuple(mark for mark in marks if values[0] <= mark.x <= values[-1])[:MOST_MARKS]
    chart = _chart(size, metric, series, inside)
    if assumed:
        chart = chart._replace(title=f"{chart.title}, with {' = '.join((*assumed, '1'))}")
    title = f"{chart.title}: {designs_title(reports)}"
    notes = sizes_and_convention(reports)
    return Figure(title, (chart,), _description(chart, reports, inside), notes)


def _chart(size: str, metric: Metric, series: tuple[Series, ...], marks: tuple[MarkedPoint, ...]) -> XYChart:
    points = [point for each in series for point in each.points]
    x_is_log = needs_log([point.x for point in points])
    y_is_log = needs_log([*(point.y for point in points), *(mark.y for mark in marks)])
    return XYChart(
        f"{metric.standalone_label} by {size}",
        ChartAxis(size, is_log=x_is_log),
        metric_axis(metric)._replace(is_log=y_is_log),
        series,
        marks,
    )


def _drawn_size(reports: Sequence[Report], options: ChartOptions) -> tuple[str, tuple[str, ...]]:
    """The open size for the x axis, and batch-like sizes to set to 1."""
    names = list(dict.fromkeys(name for report in reports for name in report.open_names))
    for name in options.ranges:
        if name not in names:
            raise unknown_name("no open size is called", name, names)
    wanted = [*options.ranges] or [name for name in names if name not in BATCH_LIKE] or names
    others = [name for name in names if name not in wanted]
    if len(wanted) == 1 and all(name in BATCH_LIKE for name in others):
        return wanted[0], tuple(others)
    needed = [name for name in names if name not in BATCH_LIKE or name in wanted]
    given = " ".join(f"--{name} {example_size(name)}" for name in needed if name != wanted[0])
    hint = f"Give values to all but one, such as {given}."
    raise UsageError(f"a curve needs exactly one open size, but {join_words(needed)} are open", hint=hint)


def _with_ones(report: Report, names: tuple[str, ...]) -> Report:
    """The report with its open sizes among `names` set to 1, as defaults."""
    own = tuple(name for name in names if name in report.open_names)
    if not own:
        return report
    found = report.subs(sizes=dict.fromkeys(own, 1))  # type: ignore[arg-type]
    return replace(found, assumed=tuple(dict.fromkeys((*report.assumed, *own))))


def _default_range(marks: Sequence[MarkedPoint]) -> range:
    """From an eighth of the first break-even point to eight times the last, rounded to powers of two."""
    if not marks:
        return range(1, DEFAULT_END + 1)
    first, last = min(mark.x for mark in marks), max(mark.x for mark in marks)
    start = 2 ** (max(int(first) // 8, 1).bit_length() - 1)
    return range(start, max(2 ** (ceil(last) * 8 - 1).bit_length(), 64) + 1)


def _series(
    reports: Sequence[Report], metric: Metric, size: str, values: range, marks: Sequence[MarkedPoint]
) -> Iterator[Series]:
    sizes = sorted({*sample(values), *_sizes_around(marks, values)})
    for report in reports:
        yield Series(report.name, tuple(_points(report, metric, size, sizes)))


def _points(report: Report, metric: Metric, size: str, sizes: Sequence[int]) -> Iterator[Point]:
    """The points of a design at the sizes that are valid for it."""
    names = report.open_names
    value_at = report.lambdify(*names, metric=metric.name)
    for each in sizes:
        try:
            value = value_at(each) if names else value_at()
        except ConvcostError:
            continue
        if value is not None:
            yield Point(each, value)


def _sizes_around(marks: Sequence[MarkedPoint], values: range) -> Iterator[int]:
    """The whole numbers on both sides of each break-even point, so that the curves show the change."""
    for mark in marks:
        for whole in (floor(mark.x), ceil(mark.x)):
            if whole in values:
                yield whole


def _marks(reports: Sequence[Report], metric: Metric, size: str) -> tuple[MarkedPoint, ...]:
    """The break-even points of each design with the first."""
    comparison = Comparison(tuple(reports))
    first, *others = reports
    found = []
    for other in others:
        if getattr(first, metric.name) is None or getattr(other, metric.name) is None:
            continue
        break_even = comparison.break_even(metric.name, other)
        named = shorten(other.name, LONGEST_MARKED) if len(others) > 1 else ""
        found += [
            mark
            for crossing in break_even.crossings
            if (mark := _mark(other, metric, size, break_even, crossing, named))
        ]
    return tuple(sorted(found, key=lambda mark: mark.x))


def _mark(
    report: Report, metric: Metric, size: str, found: BreakEven, crossing: Any, name: str
) -> MarkedPoint | None:
    """The mark at a crossing: a root of the difference, or the first whole number of a new order."""
    from convcost.symbolic.breakeven import formula_at

    if found.size != size or not crossing <= FARTHEST_MARK:
        return None
    x: Number = crossing if isinstance(crossing, int | Fraction) else float(crossing)
    y = formula_at(getattr(report, metric.name), size, crossing)
    where = crossing_text(size, crossing)
    if not found.exact:
        where = f"from {where} on"
    return MarkedPoint(x, y, f"{name}: {where}" if name else where)


def _description(chart: XYChart, reports: Sequence[Report], marks: Sequence[MarkedPoint]) -> str:
    text = f"{chart.title}, a curve for each of {designs_title(reports)}."
    if not marks:
        return text if len(reports) == 1 else f"{text} No break-even point is in the range."
    return f"{text} Break-even at {', '.join(mark.label for mark in marks)}."
