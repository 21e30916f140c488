"""How far the axes of a chart go in the terminal, and where along them a number stands."""

from __future__ import annotations

from fractions import Fraction
from math import log10
from typing import NamedTuple

from convcost.render.charts.data import ChartAxis, Number, XYChart


class AxisRange(NamedTuple):
    """An axis from its least to its largest number."""

    axis: ChartAxis
    low: Number
    high: Number

    def position(self, value: Number) -> float:
        """Where `value` stands, from 0 to 1."""
        if self.low == self.high:
            return 0.5
        low, here, high = (
            _log10(each) if self.axis.is_log else Fraction(each) for each in (self.low, value, self.high)
        )
        return float((here - low) / (high - low))


def _log10(value: Number) -> float:
    """Also of numbers that no float has room for."""
    number = Fraction(value)
    return log10(number.numerator) - log10(number.denominator)


def axis_ranges(chart: XYChart) -> tuple[AxisRange, AxisRange]:
    """The x and the y axis, as far as something is to be seen; y starts at zero unless it is logarithmic."""
    places = [(point.x, point.y) for series in chart.series for point in series.points]
    places += [(mark.x, mark.y) for mark in chart.marks]
    x = [across for across, _ in places]
    y = [up for _, up in places]
    for line in chart.reference_lines:
        (x if line.axis == "x" else y).append(line.value)
    if not chart.y.is_log:
        y.append(0)
    return AxisRange(chart.x, min(x), max(x)), AxisRange(chart.y, min(y), max(y))
