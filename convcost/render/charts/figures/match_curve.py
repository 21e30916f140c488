"""The cost of a design around the sizes that a match found, with its target."""

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
from convcost.render.charts.scales import asks_for_log
from convcost.render.notes import convention_note

AROUND = 2
"""A curve is from the answer over this to the answer times this."""

MOST_MARKS = 3
"""Sizes that are as near as others."""


class MatchSeries(NamedTuple):
    """What is drawn of a match: series, and the axis of their colours if they have any."""

    x: str
    series: tuple[Series, ...]
    color: ChartAxis | None = None


def match_figure(match: Match, options: ChartOptions) -> Figure | None:
    """The cost along the varied size, or of the pairs of two sizes; None where no size is possible."""
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
        metric_axis(metric)._replace(is_log=asks_for_log(ys)),
        drawn.series,
        marks,
        (target,),
        drawn.color,
    )
    found = f"closest: {', '.join(mark.label for mark in marks)}" if marks else "no size is within it"
    notes = (convention_note(match.convention),) if match.metric == "flops" else ()
    return Figure(title, (chart,), f"{title}, with the {target.label}; {found}.", notes)


def _curve(match: Match, nearest: Choice) -> MatchSeries:
    """The cost at the sizes around the answer that were tried, those next to the target among them."""
    [(name, tried)] = match.searched.items()
    found = [choice.sizes[name] for choice in (*match.best, match.below, match.above) if choice]
    answer = nearest.sizes[name]
    around = tried[_place(tried, answer // AROUND) : _place(tried, answer * AROUND) + 1]
    sizes = sorted({*sample(around), *found})
    return MatchSeries(name, (Series(match.name, tuple(_points(match, name, sizes))),))


def _place(tried: range, size: Size) -> int:
    """The place among the tried sizes of the one next to `size`, from below if possible."""
    return min(max((size - tried[0]) // tried.step, 0), len(tried) - 1)


def _points(match: Match, name: str, sizes: list[int]) -> Iterator[Point]:
    for size in sizes:
        try:
            yield Point(size, match.cost_at({name: size}))
        except ConvcostError:
            continue


def _pairs(match: Match) -> MatchSeries:
    """A point for each pair: its cost by the first size, and in the colour of the second."""
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
    """budget: 2,000,000 FLOPs; or, of a design, dense: 327,680 FLOPs."""
    what = shorten(match.reference.name) if match.reference else "budget"
    return f"{what}: {exact(match.target)} {BY_NAME[match.metric].label}"
