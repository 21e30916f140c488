"""The table on the screen, through rich."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from convcost.core.escapes import without_command
from convcost.render.columns import GUTTER, column_width, split
from convcost.render.document import Command, Document, Section, Table
from convcost.render.kinds import Result, document
from convcost.render.screen import GAP, captured, flowing, grid, unfolded
from convcost.render.style import Style

VERDICT_STYLES = {
    "agrees": "green",
    "differs": "bold red",
    "blind": "yellow",
    "skipped": "dim",
    "passed": "green",
    "failed": "bold red",
}


def render(result: Result, style: Style) -> str:
    """Headings, tables and notes, no wider than `style.width`."""
    return printed(document(result, style), style)


def printed(document: Document, style: Style) -> str:
    """What is laid out already."""
    return captured(lambda console: _print(console, document, style.part), style)


def _print(console: Console, document: Document, part: str) -> None:
    if document.heading and part != "counters":
        console.print(grid(_about(document, console.width)), "")
    for section in document.sections:
        if part == "all" or (section is document.counters) == (part == "counters"):
            _print_section(console, section)


def _about(document: Document, width: int) -> list[tuple[str, str]]:
    """Designs and facts, an equation on as many lines as it needs."""
    labels = [label for label, _ in (*document.heading, *document.facts)]
    room = width - max(map(len, labels)) - GAP - 1
    facts = [
        (fact.label, unfolded(fact.text, room) if fact.is_equation else fact.text) for fact in document.facts
    ]
    return [*document.heading, *facts]


def _print_section(console: Console, section: Section) -> None:
    for table in section.tables:
        for part in split(table, console.width):
            console.print(_table(part, console.width), "")
    for note in section.notes:
        if isinstance(note, Command):
            console.print(f" {note}", soft_wrap=True)
        else:
            console.print(Padding(flowing(note), (0, 1)))
    if section.notes:
        console.print()


def _table(table: Table, width: int) -> RichTable:
    rich_table = RichTable(box=box.SIMPLE_HEAD, show_edge=False)
    room_for_labels = _room_for_labels(table, width)
    for place, column in enumerate(table.columns):
        if table.text:
            rich_table.add_column(Text(column), overflow="fold")
        else:
            is_label = place == 0
            rich_table.add_column(
                Text(column),
                justify="left" if is_label else "right",
                overflow="fold",
                no_wrap=is_label and _longest_label(table) <= min(width // 2, room_for_labels),
                min_width=None if is_label else _longest_word(table, place, width),
                max_width=room_for_labels if is_label else None,
            )
    room = width - column_width(table, 0) - GUTTER
    for line in table.lines:
        label = Text("  " * line.indent + without_command(line.label))
        cells = [flowing(cell, VERDICT_STYLES.get(cell, ""), room) for cell in line.cells]
        rich_table.add_row(label, *cells, style="dim" if line.minor else "")
    return rich_table


def _room_for_labels(table: Table, width: int) -> int:
    """What the other columns leave: several as they are, as `split` has it, of one its longest word."""
    places = range(1, len(table.columns))
    if len(places) == 1:
        taken = _longest_word(table, 1, width) + GUTTER
    else:
        taken = sum(column_width(table, place) for place in places)
    return max(1, width - (GUTTER - 1) - taken)


def _longest_label(table: Table) -> int:
    return max(len(line.label) + 2 * line.indent for line in table.lines)


def _longest_word(table: Table, column: int, width: int) -> int:
    """What a column needs so that no number is split; a formula may be, where it has spaces."""
    words = (word for line in table.lines for word in line.cells[column - 1].split())
    return min(max(map(len, words), default=0), width // 2)
