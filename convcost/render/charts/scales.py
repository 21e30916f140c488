"""Scales of axes: their span, whether they are logarithmic, and positions on them."""

from __future__ import annotations

from collections.abc import Iterable
from math import log10
from typing import NamedTuple

from convcost.core.errors import UsageError
from convcost.render.charts.data import ChartAxis, Number, XYChart

LARGEST = 1e300
"""The largest number on an axis: pictures use 64-bit floats."""

WIDE_SPAN = 50
"""The ratio of the largest to the smallest number from which an axis is logarithmic."""

MARGIN = 0.04
"""The margin on each side of the points, as a share of the axis."""


def needs_log(numbers: Iterable[Number]) -> bool:
    """Whether numbers span a range that is too wide for a linear axis."""
    found = [*map(as_float, numbers)]
    return bool(found) and min(found) > 0 and max(found) >= WIDE_SPAN * min(found)


def as_float(number: Number) -> float:
    """The number as a float; UsageError for one that is too large."""
    if not -LARGEST <= number <= LARGEST:
        raise UsageError(f"numbers beyond {LARGEST:.0e} can't be drawn", hint="Draw smaller sizes.")
    return float(number)


class Scale(NamedTuple):
    """An axis from `low` to `high`."""

    axis: ChartAxis
    low: float
    high: float

    def position(self, number: Number) -> float:
        """The position on the axis, from 0 to 1."""
        if self.axis.is_log:
            return log10(as_float(number) / self.low) / log10(self.high / self.low)
        return (as_float(number) - self.low) / (self.high - self.low)


def scale(
    axis: ChartAxis, numbers: Iterable[Number], *, from_zero: bool = False, margin: float = MARGIN
) -> Scale:
    """A scale that fits all numbers; a linear one may start at zero."""
    found = [as_float(number) for number in numbers]
    low, high = min(found), max(found)
    if axis.is_log:
        factor = (high / low) ** margin if high > low else 2.0
        return Scale(axis, low / factor, high * factor)
    if from_zero and low >= 0:
        return Scale(axis, 0.0, high * (1 + margin) or 1.0)
    room = (high - low) * margin if high > low else abs(high) * MARGIN or 1.0
    return Scale(axis, low - room, high + room)


def chart_scales(chart: XYChart) -> tuple[Scale, Scale]:
    """The scales of both axes; charts of only lines have no x margin, and start at zero."""
    points = [point for series in chart.series for point in series.points]
    xs = [*(point.x for point in points), *(mark.x for mark in chart.marks)]
    ys = [*(point.y for point in points), *(mark.y for mark in chart.marks)]
    for line in chart.reference_lines:
        (xs if line.axis == "x" else ys).append(line.value)
    has_only_lines = all(series.kind == "line" for series in chart.series)
    x = scale(chart.x, xs, margin=0.0 if has_only_lines else MARGIN)
    return x, scale(chart.y, ys, from_zero=has_only_lines)
