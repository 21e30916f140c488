"""A figure as text for a terminal: bars and lines of block or Braille characters, or of ASCII."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from convcost.core.escapes import escape_command, make_printable
from convcost.render.charts.data import BarChart, Chart, Figure, IcicleChart
from convcost.render.charts.terminal.bar_lines import bar_lines
from convcost.render.charts.terminal.cells import cut
from convcost.render.charts.terminal.icicle_lines import icicle_lines
from convcost.render.charts.terminal.xy_lines import xy_lines
from convcost.render.document import map_all_texts
from convcost.render.style import Style, as_ascii
from convcost.render.table import breakable, print_to_text

WIDEST = 80
"""The largest width of a chart."""


def draw(figure: Figure, style: Style) -> str:
    """The figure as lines of at most 80 columns, or as many as the terminal has.

    Raises UsageError if plotext is needed for lines or points, and not installed.
    """
    style = style._replace(width=min(style.width, WIDEST))
    shown = map_all_texts(figure, lambda text: escape_command(make_printable(text)))
    if not style.unicode:
        shown = map_all_texts(shown, as_ascii)
    charts = [_chart_lines(chart, style) for chart in shown.charts]
    return print_to_text(lambda console: _print(console, charts, shown.notes), style)


def _chart_lines(chart: Chart, style: Style) -> list[RenderableType]:
    """The lines of a chart, with its title."""
    title = Text(f" {cut(chart.title, style.width - 1, style)}", style="bold")
    match chart:
        case BarChart():
            return [title, *bar_lines(chart, style)]
        case IcicleChart():
            return [title, *icicle_lines(chart, style)]
    return [title, *xy_lines(chart, style)]


def _print(console: Console, charts: list[list[RenderableType]], notes: tuple[str, ...]) -> None:
    """Print the charts, each followed by an empty line, and the notes."""
    for lines in charts:
        for line in lines:
            console.print(line)
        console.print()
    for note in notes:
        console.print(Padding(breakable(note), (0, 1)))
