"""The cost of a design around the result of a match, with the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.core.match import Choice, Match
from convcost.core.metrics import BY_NAME
from convcost.core.units import exact, sizes_in_full
from convcost.render.charts.data import (
    ChartAxis,
    ChartOptions,
    Figure,
    MarkedPoint,
    Point,
    ReferenceLine,
    Series,
    XYChart,
)
from convcost.render.charts.figures.captions import axis_of_numbers, metric_axis
from convcost.render.charts.figures.samples import sample
from convcost.render.charts.names import shorten
from convcost.render.charts.scales import needs_log
from convcost.render.notes import convention_note

CURVE_FACTOR = 2
"""A curve spans from the answer divided by this factor to the answer times it."""

MOST_MARKS = 3
"""The most equally close sizes to mark."""


class MatchSeries(NamedTuple):
    """The series of a match, the label of the x axis, and the axis of colours, if any."""

    x: str
    series: tuple[Series, ...]
    color: ChartAxis | None = None


def match_figure(match: Match, options: ChartOptions) -> Figure | None:
    """The cost by the varied size, or of pairs of two sizes; None if no size is possible."""
    nearest = match.best[0] if match.best else match.above
    if nearest is None:
        return None
    drawn = _pairs(match) if match.choices else _curve(match, nearest)
    marks = tuple(_mark(choice, match) for choice in match.best[:MOST_MARKS])
    target = ReferenceLine(match.target, _target_label(match))
    xs = [point.x for series in drawn.series for point in series.points]
    ys = [*(point.y for series in drawn.series for point in series.points), match.target]
    metric = BY_NAME[match.metric]
    title = f"{metric.label} of {shorten(match.name)} by {' and '.join(match.vary)}"
    chart = XYChart(
        title,
        axis_of_numbers(drawn.x, xs),
        metric_axis(metric)._replace(is_log=needs_log(ys)),
        drawn.series,
        marks,
        (target,),
        drawn.color,
    )
    found = f"closest: {', '.join(mark.label for mark in marks)}" if marks else "no size is within it"
    notes = (convention_note(match.convention),) if match.metric == "flops" else ()
    return Figure(title, (chart,), f"{title}, with the {target.label}; {found}.", notes)


def _curve(match: Match, nearest: Choice) -> MatchSeries:
    """The cost at tried sizes around the answer, including those next to the target."""
    [(name, tried)] = match.searched.items()
    found = [choice.sizes[name] for choice in (*match.best, match.below, match.above) if choice]
    answer = nearest.sizes[name]
    first, last = (_place(tried, size) for size in (answer // CURVE_FACTOR, answer * CURVE_FACTOR))
    sizes = sorted({*sample(tried[first : last + 1]), *found})
    return MatchSeries(name, (Series(match.name, tuple(_points(match, name, sizes))),))


def _place(tried: range, size: Size) -> int:
    """The index of the tried size next to `size`, from below if possible."""
    return min(max((size - tried[0]) // tried.step, 0), len(tried) - 1)


def _points(match: Match, name: str, sizes: list[int]) -> Iterator[Point]:
    for size in sizes:
        try:
            yield Point(size, match.cost_at({name: size}))
        except ConvcostError:
            continue


def _pairs(match: Match) -> MatchSeries:
    """A point for each pair: its cost by the first size, coloured by the second."""
    first, second = match.vary
    points = tuple(
        Point(choice.sizes[first], choice.cost, value=choice.sizes[second]) for choice in match.choices
    )
    if match.above and match.above in match.best:
        sizes = match.above.sizes
        points = (*points, Point(sizes[first], match.above.cost, value=sizes[second]))
    values = [choice.sizes[second] for choice in match.choices]
    return MatchSeries(first, (Series(match.name, points, "points"),), axis_of_numbers(second, values))


def _mark(choice: Choice, match: Match) -> MarkedPoint:
    return MarkedPoint(choice.sizes[match.vary[0]], choice.cost, sizes_in_full(choice.sizes))


def _target_label(match: Match) -> str:
    """budget: 2,000,000 FLOPs; or for a design, dense: 327,680 FLOPs."""
    what = shorten(match.reference.name) if match.reference else "budget"
    return f"{what}: {exact(match.target)} {BY_NAME[match.metric].label}"
