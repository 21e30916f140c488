"""An explanation on the screen, through rich."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from convcost.explain.steps import Explanation, Part
from convcost.formats.explained.notes import heading, notes
from convcost.formats.explained.text import line_text
from convcost.formats.interface import Style
from convcost.formats.plain import plain
from convcost.formats.screen import captured, grid

TITLE_WIDTH = 11
"""What the titles of steps take, so that all parts are aligned."""


def render(explanation: Explanation, style: Style) -> str:
    """Titles, steps beside their lines, and notes, no wider than `style.width`."""
    return captured(lambda console: _print(console, explanation, style), style)


def _print(console: Console, explanation: Explanation, style: Style) -> None:
    def spelled(text: str) -> Text:
        return Text(text if style.unicode else plain(text))

    console.print(grid((label, spelled(text).plain) for label, text in heading(explanation)), "")
    for part in explanation.parts:
        console.print(Padding(Text(spelled(part.title).plain, style="bold"), (0, 1)))
        console.print(Padding(Text(spelled("─" * len(part.title)).plain), (0, 1)))
        console.print(_steps(part, spelled), "")
    for note in notes(explanation):
        console.print(Padding(spelled(note), (0, 1)))
    console.print()


def _steps(part: Part, spelled: Callable[[str], Text]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=TITLE_WIDTH)
    table.add_column(overflow="fold")
    for step in part.steps:
        body = Text("\n").join(spelled(line_text(line)) for line in step.lines)
        table.add_row(spelled(f" {step.title}"), body)
    return table
