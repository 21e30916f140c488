"""Bars as lines of text: label, bar and amount."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text

from convcost.render.charts.data import Bar, BarChart, Number
from convcost.render.charts.terminal.cells import color, fill, legend, pad, span_text
from convcost.render.charts.ticks import amount_text
from convcost.render.style import Style

FEWEST_CELLS = 4
"""The minimum width of bars and of labels."""

MARGINS = 3
"""The cells before the label and on both sides of the bar, together."""

BOUND, ASCII_BOUND = "┃", "|"
"""The mark of a bar's bound."""


class BarColumn(NamedTuple):
    """The width of bars in cells, the length that fills them, and the names of all segments.

    Stacked bars have a fill character for each name, others only a colour.
    """

    cells: int
    longest: Number
    names: tuple[str, ...]
    is_stacked: bool

    def position(self, length: Number) -> float:
        """The cell where a length ends."""
        return float(Fraction(length) / Fraction(self.longest) * self.cells) if self.longest else 0.0


def bar_lines(chart: BarChart, style: Style) -> list[RenderableType]:
    """A line for each bar, and a legend."""
    if not chart.bars:
        return []
    unit = chart.axis.unit
    amounts = fitting_amounts(
        [_amount_and_spread(bar, unit) for bar in chart.bars],
        [amount_text(bar.total, unit) for bar in chart.bars],
        style,
    )
    labels, cells = columns([bar.label for bar in chart.bars], amounts, style)
    names = tuple(dict.fromkeys(segment.name for bar in chart.bars for segment in bar.segments))
    is_stacked = any(len(bar.segments) > 1 for bar in chart.bars)
    column = BarColumn(cells, max(bar.reach for bar in chart.bars), names, is_stacked)
    widest = max(map(len, amounts))
    lines = [
        Text.assemble(
            f" {pad(bar.label, labels, style)} ", _bar_text(bar, column, style), f" {amount:>{widest}}"
        )
        for bar, amount in zip(chart.bars, amounts, strict=True)
    ]
    return [*lines, *_legend(chart, column, style)]


def columns(labels: list[str], amounts: list[str], style: Style) -> tuple[int, int]:
    """The widths of labels, at most half of the line, and of bars."""
    room = max(style.width - max(map(cell_len, amounts)) - MARGINS, 2 * FEWEST_CELLS)
    for_labels = min(max(map(cell_len, labels)), room // 2)
    return for_labels, room - for_labels


def fitting_amounts(full: list[str], short: list[str], style: Style) -> list[str]:
    """The full texts of amounts if they take at most half of the line, else the short ones."""
    return full if max(map(cell_len, full)) <= style.width // 2 else short


def _amount_and_spread(bar: Bar, unit: str) -> str:
    """The length of a bar, with the spread if it is measured."""
    text = amount_text(bar.total, unit)
    last = bar.segments[-1] if bar.segments else None
    if last is None or last.low is None or last.high is None:
        return text
    return f"{text} ({amount_text(last.low, unit)} to {amount_text(last.high, unit)})"


def _bar_text(bar: Bar, column: BarColumn, style: Style) -> Text:
    """The segments one after another, with the mark of the bound."""
    text = _stacked_text(bar, column, style) if column.is_stacked else _single_text(bar, column, style)
    text.pad_right(column.cells - len(text))
    if bar.bound is None:
        return text
    at = min(column.cells - 1, int(column.position(bar.bound)))
    return Text.assemble(text[:at], (_bound_mark(style), "bold"), text[at + 1 :])


def _single_text(bar: Bar, column: BarColumn, style: Style) -> Text:
    """A bar with at most one segment."""
    text = Text()
    for segment in bar.segments:
        cells = span_text(0, column.position(segment.value), style) if segment.value else ""
        text.append(cells, color(column.names.index(segment.name)))
    return text


def _stacked_text(bar: Bar, column: BarColumn, style: Style) -> Text:
    """The segments with their fill characters."""
    text = Text()
    for segment, start, end in bar.spans:
        number = column.names.index(segment.name)
        cells = round(column.position(end)) - round(column.position(start))
        text.append(fill(number, style) * cells, color(number))
    return text


def _bound_mark(style: Style) -> str:
    return BOUND if style.unicode else ASCII_BOUND


def _legend(chart: BarChart, column: BarColumn, style: Style) -> list[RenderableType]:
    """The legend of the fills of stacked bars and of the mark."""
    fills = [(fill(number, style), color(number), name) for number, name in enumerate(column.names)]
    has_bounds = any(bar.bound is not None for bar in chart.bars)
    marks = [(_bound_mark(style), "bold", chart.bound)] if has_bounds else []
    return legend([*(fills if column.is_stacked else ()), *marks], style)
