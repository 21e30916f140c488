"""The table on the screen, through rich."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from convcost.formats.document import Document, Section, Table
from convcost.formats.interface import Result, Style
from convcost.formats.layout import document
from convcost.formats.screen import captured, grid

GUTTER = 3
"""What rich puts between columns: a space on both sides, and the box's separator."""

LONGEST_LABEL = 32

VERDICT_STYLES = {"agrees": "green", "differs": "bold red", "blind": "yellow", "skipped": "dim"}


def render(result: Result, style: Style) -> str:
    """Headings, tables and notes, no wider than `style.width`."""
    return captured(lambda console: _print(console, document(result, style), style.part), style)


def _print(console: Console, document: Document, part: str) -> None:
    if document.heading and part != "counters":
        console.print(grid(document.heading), "")
    for section in document.sections:
        if part == "all" or section is getattr(document, part):
            _print_section(console, section)


def _print_section(console: Console, section: Section) -> None:
    for table in section.tables:
        for part in split(table, console.width):
            console.print(_table(part), "")
    for note in section.notes:
        console.print(Padding(Text(note), (0, 1)))
    if section.notes:
        console.print()


def split(table: Table, width: int) -> list[Table]:
    """`table` as several with the same labels, where it has more columns than fit side by side."""
    if table.text:
        return [table]
    groups: list[list[int]] = [[]]
    label = _column_width(table, 0)
    for column in range(1, len(table.columns)):
        used = label + sum(_column_width(table, other) for other in groups[-1])
        if groups[-1] and used + _column_width(table, column) > width:
            groups.append([])
        groups[-1].append(column)
    return [_columns(table, group) for group in groups]


def _column_width(table: Table, column: int) -> int:
    if column == 0:
        texts = [line.label + "  " * line.minor for line in table.lines]
        return min(LONGEST_LABEL, max(map(len, texts))) + GUTTER
    return max(len(table.columns[column]), *(len(line.cells[column - 1]) for line in table.lines)) + GUTTER


def _columns(table: Table, group: list[int]) -> Table:
    lines = (line._replace(cells=tuple(line.cells[column - 1] for column in group)) for line in table.lines)
    return Table((table.columns[0], *(table.columns[column] for column in group)), tuple(lines))


def _table(table: Table) -> RichTable:
    rich_table = RichTable(box=box.SIMPLE_HEAD, show_edge=False)
    for place, column in enumerate(table.columns):
        is_number = place > 0 and not table.text
        rich_table.add_column(
            Text(column), justify="right" if is_number else "left", overflow="fold", no_wrap=is_number
        )
    for line in table.lines:
        label = Text(f"  {line.label}" if line.minor else line.label)
        cells = [Text(cell, style=VERDICT_STYLES.get(cell, "")) for cell in line.cells]
        rich_table.add_row(label, *cells, style="dim" if line.minor else "")
    return rich_table
