"""Titles, notes and axes that several charts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from convcost.core.errors import UsageError, join_words, unknown_name
from convcost.core.metrics import BY_NAME, NAMES, Metric
from convcost.core.report import Report
from convcost.render.charts.data import ChartAxis, ChartOptions, Number
from convcost.render.charts.names import shorten
from convcost.render.charts.scales import needs_log
from convcost.render.notes import convention_note, sizes_text

DEFAULT_METRIC = "flops"

MOST_NAMED = 4
"""The most designs to name in a title."""


def designs_title(reports: Sequence[Report]) -> str:
    """dense and conv; for many designs their number."""
    names = [shorten(report.name) for report in reports]
    return join_words(names) if len(names) <= MOST_NAMED else f"{len(names)} designs"


def sizes_and_convention(reports: Sequence[Report]) -> tuple[str, ...]:
    """The notes of a figure: the sizes with values, and the convention."""
    numbers = [
        replace(report, sizes={name: size for name, size in report.sizes.items() if isinstance(size, int)})
        for report in reports
    ]
    sizes = sizes_text(tuple(numbers))
    return (*([sizes] if sizes else []), convention_note(reports[0].convention))


def check_no_ranges(options: ChartOptions) -> None:
    """UsageError for a range if no size is open."""
    for name in options.ranges:
        raise UsageError(
            f"no size is open, so there is no range of {name[:40]} to draw", hint="Leave the range out."
        )


def axis_of_numbers(label: str, numbers: Sequence[Number]) -> ChartAxis:
    """The axis of plain numbers, such as values of a size; logarithmic if they span a wide range."""
    return ChartAxis(label, is_log=needs_log(numbers))


def metric_axis(metric: Metric) -> ChartAxis:
    """The axis of a quantity: its name, and the unit of its numbers."""
    return ChartAxis(metric.standalone_label, metric.scaled_unit)


def chart_metric(name: str) -> Metric:
    """The metric called `name`, or the default; UsageError for an unknown one."""
    if name and name not in BY_NAME:
        raise unknown_name("no quantity is called", name, NAMES)
    return BY_NAME[name or DEFAULT_METRIC]
