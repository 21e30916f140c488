"""The rows of a sweep as points over two quantities, coloured by a third, with the Pareto front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.core.metrics import BY_NAME
from convcost.core.sweep import RATIO, Objective, Sweep, SweepRow
from convcost.core.units import plural, sizes_in_full
from convcost.render.charts.data import ChartAxis, ChartOptions, Figure, Number, Point, Series, XYChart
from convcost.render.charts.figures.captions import axis_of_numbers, check_no_ranges, metric_axis
from convcost.render.charts.names import shorten
from convcost.render.charts.scales import needs_log
from convcost.render.notes import convention_note

DEFAULT_QUANTITIES = ("params", "flops")
"""The quantities of the axes, unless options name others."""

FRONT = "Pareto front"

MOST_ROWS = 2_000
"""The most points to draw: those of the first rows."""


class DrawnRow(NamedTuple):
    """A row with its numbers of the drawn quantities."""

    row: SweepRow
    numbers: tuple[Number, ...]


def sweep_figure(sweep: Sweep, options: ChartOptions) -> Figure | None:
    """The rows of a sweep; None without rows, or with fewer than two quantities."""
    check_no_ranges(options)
    if not sweep.rows or len(objectives := drawn_objectives(sweep)) < 2:
        return None
    rows = [*_drawn_rows(sweep.rows[:MOST_ROWS], objectives)]
    if not rows:
        return None
    front = pareto_front(rows, objectives) if _is_of_front(sweep, objectives) else []
    chart = _chart(sweep, objectives, rows, front)
    first, second = chart.x.label, chart.y.label
    title = f"{second} by {first}: {_subject(sweep)}"
    kept = f"{len(rows):,} {plural(len(rows), 'design')} of {sweep.found:,}"
    on_front = f", {len(front):,} of them on the {FRONT}" if front else ""
    description = f"{title}; {kept}{on_front}."
    return Figure(title, (chart,), description, (f"{kept} shown.", convention_note(sweep.convention)))


def _is_of_front(sweep: Sweep, objectives: Sequence[Objective]) -> bool:
    """Whether the axes are quantities of the sweep's own front, if it has one."""
    own = {each.name for each in sweep.pareto}
    return not own or own >= {each.name for each in objectives[:2]}


def drawn_objectives(sweep: Sweep) -> tuple[Objective, ...]:
    """The quantities of both axes and of the colour: those in the options, then defaults.

    A quantity that is equal in all rows is used only if there is no other.
    """
    defaults = (*DEFAULT_QUANTITIES, *([RATIO] if sweep.reference else []), *sweep.over, *sweep.columns)
    varied: dict[str, Objective] = {}
    constant: dict[str, Objective] = {}
    for each in (*sweep.pareto, sweep.by, *map(Objective, defaults)):
        numbers = {number_of(row, each.name) for row in sweep.rows[:MOST_ROWS]} - {None}
        if numbers:
            (varied if len(numbers) > 1 else constant).setdefault(each.name, each)
    axes = (*varied.values(), *constant.values())[:2]
    return (*axes, *[*varied.values()][2:3])


def number_of(row: SweepRow, name: str) -> Size | Fraction | None:
    """A row's quantity, size or ratio by its name; None if it has none."""
    if name in row.sizes:
        return row.sizes[name]
    has_it = name == RATIO or name in row.quantities or name in row.quotients
    return row.get(name) if has_it else None


def _drawn_rows(rows: Sequence[SweepRow], objectives: Sequence[Objective]) -> Iterator[DrawnRow]:
    """The rows that have numbers of all objectives."""
    for row in rows:
        numbers = [number_of(row, each.name) for each in objectives]
        known = tuple(number for number in numbers if number is not None)
        if len(known) == len(numbers):
            yield DrawnRow(row, known)


def _chart(
    sweep: Sweep, objectives: Sequence[Objective], rows: Sequence[DrawnRow], front: Sequence[DrawnRow]
) -> XYChart:
    columns = [*zip(*(row.numbers for row in rows), strict=True)]
    axes = [_axis(sweep, each.name, column) for each, column in zip(objectives, columns, strict=True)]
    corners = tuple(Point(row.numbers[0], row.numbers[1]) for row in front)
    lines = [Series(FRONT, corners)] if corners[1:] else []
    on_front = {id(row) for row in front}
    points: dict[str, list[Point]] = {}
    for row in rows:
        points.setdefault(row.row.name, []).append(_point(row, id(row) in on_front))
    several = sweep.designs[1:]
    series = [Series(name if several else "designs", tuple(own), "points") for name, own in points.items()]
    return XYChart(
        f"{axes[1].label} by {axes[0].label}",
        axes[0],
        axes[1],
        (*lines, *series),
        color=axes[2] if len(axes) > 2 else None,
    )


def _axis(sweep: Sweep, name: str, numbers: Sequence[Number]) -> ChartAxis:
    if name in sweep.bounds:
        label = f"lower bound on {sweep.bounds[name]}"
        return ChartAxis(label, "s", needs_log(numbers))
    if name in BY_NAME:
        return metric_axis(BY_NAME[name])._replace(is_log=needs_log(numbers))
    if name == RATIO and sweep.reference:
        name = f"{_axis(sweep, sweep.ratio_of, numbers).label} ÷ {shorten(sweep.reference.name)}"
    return axis_of_numbers(name, numbers)


def pareto_front(rows: Sequence[DrawnRow], objectives: Sequence[Objective]) -> list[DrawnRow]:
    """The rows that no other row dominates in the first two quantities, sorted by the first."""

    def losses(row: DrawnRow) -> tuple[Number, ...]:
        """The numbers with signs such that smaller is better."""
        pairs = zip(row.numbers[:2], objectives, strict=False)
        return tuple(-number if objective.largest else number for number, objective in pairs)

    front: list[DrawnRow] = []
    for row in sorted(rows, key=losses):
        if not front or losses(row)[1] < losses(front[-1])[1]:
            front.append(row)
    return front


def _point(row: DrawnRow, is_on_front: bool) -> Point:
    """The point of a row, labelled with its sizes if it is on the front."""
    x, y, *third = row.numbers
    label = sizes_in_full(row.row.sizes)
    return Point(x, y, label if is_on_front else "", third[0] if third else None)


def _subject(sweep: Sweep) -> str:
    names = [shorten(design.name) for design in sweep.designs]
    over = ", ".join(f"{name} = {shorten(values, 24)}" for name, values in sweep.over.items())
    return f"{', '.join(names)} over {over}"
