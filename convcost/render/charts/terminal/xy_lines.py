"""Lines and points over two axes as text, by plotext."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_uppercase
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from convcost.render.charts.data import XYChart
from convcost.render.charts.pictures import check_installed
from convcost.render.charts.scales import Scale, chart_scales
from convcost.render.charts.terminal.cells import color, cut, legend
from convcost.render.charts.ticks import MOST, ticks
from convcost.render.style import Style

HEIGHT = 18
"""The height of a chart in lines, with frame and numbers."""

ROWS = HEIGHT - 3
"""The rows inside the frame."""

FRAMES = str.maketrans(dict.fromkeys("┌┐└┘├┤┬┴┼", "+") | {"─": "-", "│": "|"})
"""The characters of the frame in ASCII."""

BRAILLE = "braille"
"""The marker for fine lines of Braille characters."""

LINE_SIGNS = "*+x#=%~:"
"""The signs of lines in ASCII, or if there is no room for names beside the chart."""

POINT_SIGNS, ASCII_POINT_SIGNS = "●○◆◇▲△■□", "o@&$0s^v"
"""The signs of points, different from those of lines."""

MARK, ASCII_MARK = "◉", "X"
"""The sign of a single mark; several have letters."""

FEWEST_FOR_NAMES = 56
"""The minimum width for names of lines beside their ends."""

LONGEST_NAME = 20

CELLS_OF_A_TICK = 12
"""The width of a number on the x axis."""

MOST_Y_TICKS = 5

TERMINAL_COLORS = {"red": 1, "green": 2, "yellow": 3, "blue": 4, "magenta": 5, "cyan": 6}
"""The numbers of colours in plotext."""


class PlacedPoints(NamedTuple):
    """A series or a marked point at positions from 0 to 1, joined by a line, or with a sign at each.

    `number` is its colour's; marks have none.
    """

    name: str
    sign: str
    number: int | None
    is_line: bool
    positions: tuple[tuple[float, float], ...]


def xy_lines(chart: XYChart, style: Style) -> list[RenderableType]:
    """The chart in its frame, with the names of lines beside their ends, and a legend."""
    scales = chart_scales(chart)
    all_points = [*_placed_points(chart, scales, style)]
    named = [points for points in all_points if points.sign == BRAILLE]
    names = [cut(points.name, LONGEST_NAME, style) for points in named]
    room = style.width - max(map(cell_len, names), default=-1) - 2
    lines = _plot(chart, all_points, scales, room, style)
    for row, number in _rows_of_names(named).items():
        lines[1 + row].append(f" {names[number]}", color(named[number].number or 0))
    return [
        Text(f" {cut(chart.y.label, style.width - 1, style)}"),
        *(Text(" ").append_text(line) for line in lines),
        Text(f"{cut(chart.x.label, room, style):>{room}}"),
        *_legend(chart, all_points, style),
    ]


def _placed_points(chart: XYChart, scales: tuple[Scale, Scale], style: Style) -> Iterator[PlacedPoints]:
    """The series with points, then the marked points."""
    x, y = scales
    point_signs = POINT_SIGNS if style.unicode else ASCII_POINT_SIGNS
    has_room = style.width >= FEWEST_FOR_NAMES and len(chart.series) <= ROWS
    is_fine = style.unicode and has_room
    for number, series in enumerate(chart.series):
        is_line = series.kind == "line"
        signs = LINE_SIGNS if is_line else point_signs
        sign = BRAILLE if is_line and is_fine else signs[number % len(signs)]
        positions = tuple((x.position(point.x), y.position(point.y)) for point in series.points)
        if positions:
            yield PlacedPoints(series.name, sign, number, is_line, positions)
    signs = ascii_uppercase if chart.marks[1:] else MARK if style.unicode else ASCII_MARK
    for number, mark in enumerate(chart.marks):
        place = (x.position(mark.x), y.position(mark.y))
        yield PlacedPoints(mark.label, signs[number % len(signs)], None, False, (place,))


def _plot(
    chart: XYChart, all_points: list[PlacedPoints], scales: tuple[Scale, Scale], width: int, style: Style
) -> list[Text]:
    """The chart drawn by plotext, whose global figure is cleared."""
    check_installed("plotext")
    import plotext

    plotext.terminal.limit(False, False)
    figure = plotext.figure.clear()
    figure.theme("colorless").legend(False).plot_size(width, HEIGHT)
    for name, scale, most in zip("xy", scales, (width // CELLS_OF_A_TICK - 1, MOST_Y_TICKS), strict=True):
        found = ticks(scale.axis, (scale.low, scale.high), min(max(most, 2), MOST))
        ruler = figure.ruler(name).lim(0, 1)
        ruler.ticks([scale.position(tick.value) for tick in found], [tick.text for tick in found])
    x, y = scales
    for line in chart.reference_lines:
        scale, direction = (x, "vertical") if line.axis == "x" else (y, "horizontal")
        figure.line(scale.position(line.value), direction)
    # later drawings cover earlier ones
    for points in sorted(all_points, key=lambda points: not points.is_line):
        number = TERMINAL_COLORS[color(points.number)] if points.number is not None else "default"
        across, up = zip(*points.positions, strict=True)
        signal = figure.signal(across, up, marker=plotext.marker(points.sign, number))
        figure.draw(signal.lines() if points.is_line else signal)
    text = figure.build().string(not style.color)
    figure.clear()
    text = text if style.unicode else text.translate(FRAMES)
    return [Text.from_ansi(line) for line in text.splitlines()]


def _rows_of_names(named: list[PlacedPoints]) -> dict[int, int]:
    """The line whose name is in each row: rows at or near the ends of lines, in their order."""
    last = ROWS - 1
    ends = [(1 - points.positions[-1][1]) * last for points in named]
    order = sorted(range(len(named)), key=ends.__getitem__)
    rows: list[int] = []
    for number in order:
        rows.append(max(round(ends[number]), rows[-1] + 1 if rows else 0))
    lowest = (last - below for below in reversed(range(len(rows))))
    return dict(zip(map(min, rows, lowest), order, strict=True))


def _legend(chart: XYChart, all_points: list[PlacedPoints], style: Style) -> list[RenderableType]:
    """The legend of signs and lines without a name beside them."""
    items = [
        (points.sign, color(points.number) if points.number is not None else "bold", points.name)
        for points in all_points
        if points.sign != BRAILLE
    ]
    signs = {"x": "│", "y": "─"} if style.unicode else {"x": "|", "y": "-"}
    return legend([*items, *((signs[line.axis], "", line.label) for line in chart.reference_lines)], style)
