"""An explanation on the screen, through rich."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from convcost.analysis.explain.steps import DerivationLine, DerivationPart, Equation, Explanation
from convcost.render.explain.notes import facts, heading, notes
from convcost.render.explain.text import line_text
from convcost.render.screen import GAP, captured, flowing, grid, unfolded
from convcost.render.style import Style, as_ascii

TITLE_WIDTH = 11
"""What the titles of steps take, so that all parts are aligned."""


def render(explanation: Explanation, style: Style) -> str:
    """Titles, steps beside their lines, and notes, no wider than `style.width`."""
    return captured(lambda console: _print(console, explanation, style), style)


def _print(console: Console, explanation: Explanation, style: Style) -> None:
    about = (*heading(explanation), *facts(explanation))
    console.print(grid((label, _spelled(text, style)) for label, text in about), "")
    for part in explanation.parts:
        title = _spelled(part.title, style)
        console.print(Padding(Text(title, style="bold"), (0, 1)))
        console.print(Padding(Text(_spelled("─" * len(title), style)), (0, 1)))
        console.print(_steps(part, style), "")
    for note in notes(explanation):
        console.print(Padding(flowing(_spelled(note, style)), (0, 1)))
    console.print()


def _steps(part: DerivationPart, style: Style) -> Table:
    table = Table.grid(padding=(0, GAP))
    table.add_column(no_wrap=True, min_width=TITLE_WIDTH)
    table.add_column(overflow="fold")
    room = style.width - max(TITLE_WIDTH, *(len(step.title) + 1 for step in part.steps)) - GAP
    for step in part.steps:
        body = "\n".join(_unfolded(line, room, style) for line in step.lines)
        table.add_row(Text(_spelled(f" {step.title}", style)), flowing(body))
    return table


def _unfolded(line: DerivationLine, room: int, style: Style) -> str:
    text = _spelled(line_text(line), style)
    return unfolded(text, room) if isinstance(line, Equation) else text


def _spelled(text: str, style: Style) -> str:
    return text if style.unicode else as_ascii(text)
