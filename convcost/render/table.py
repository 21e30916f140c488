"""The terminal format, by rich."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import chain
from textwrap import wrap

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from convcost.core.escapes import escape_command
from convcost.render.document import (
    GUTTER,
    Derivation,
    Document,
    EquationText,
    Line,
    LoopNestText,
    Section,
    Table,
)
from convcost.render.kinds import Result, document
from convcost.render.style import Style, as_ascii
from convcost.render.texts import CommandText

VERDICT_STYLES = {
    "agrees": "green",
    "differs": "bold red",
    "blind": "yellow",
    "skipped": "dim",
    "passed": "green",
    "failed": "bold red",
}

TITLE_WIDTH = 11
"""The minimum width of the titles of steps, so that all derivations are aligned."""

GAP = 2
"""The width between a label and its text."""

NO_BREAK_SPACE = "\ue000"
"""A placeholder for a no-break space: rich breaks lines at real ones."""

ENCLOSED = re.compile(r"[(⌊](?:(?![a-z]{2})[^()⌊⌋]){1,24}[)⌋]")
"""A short formula or shape in brackets, without longer words."""


def render(result: Result, style: Style) -> str:
    """Headings, derivations, tables and notes, no wider than `style.width`."""
    return render_document(document(result, style), style)


def render_document(document: Document, style: Style) -> str:
    """The text of a document."""
    return print_to_text(lambda console: _print_document(console, document, style.part), style)


def _print_document(console: Console, document: Document, part: str) -> None:
    if document.heading and part != "counters":
        console.print(label_grid(_heading_rows(document, console.width)), "")
    for derivation in document.derivations:
        _print_derivation(console, derivation)
    for section in document.sections:
        if part == "all" or (section is document.counters) == (part == "counters"):
            _print_section(console, section)


def _heading_rows(document: Document, width: int) -> list[tuple[str, str]]:
    """Designs and facts; equations may take several lines."""
    labels = [label for label, _ in (*document.heading, *document.facts)]
    room = width - max(map(len, labels)) - GAP - 1
    facts = [
        (fact.label, equation_lines(fact.text, room) if fact.is_equation else fact.text)
        for fact in document.facts
    ]
    return [*document.heading, *facts]


def _print_derivation(console: Console, derivation: Derivation) -> None:
    """Print the underlined title, and the steps with their lines to the right."""
    console.print(Padding(Text(derivation.title, style="bold"), (0, 1)))
    console.print(Padding(Text("─" * len(derivation.title)), (0, 1)))
    grid = RichTable.grid(padding=(0, GAP))
    grid.add_column(no_wrap=True, min_width=TITLE_WIDTH)
    grid.add_column(overflow="fold")
    titles = max(TITLE_WIDTH, *(len(step.title) + 1 for step in derivation.steps))
    for step in derivation.steps:
        lines = (_line_text(line, console.width - titles - GAP) for line in step.lines)
        grid.add_row(Text(f" {step.title}"), breakable("\n".join(lines)))
    console.print(grid, "")


def _line_text(line: str | EquationText | LoopNestText, room: int) -> str:
    match line:
        case EquationText():
            return equation_lines(line.text, room)
        case LoopNestText():
            return "\n".join(line.lines)
    return line


def _print_section(console: Console, section: Section) -> None:
    for table in section.tables:
        for part in table.split(console.width):
            _print_table(console, part)
    for note in section.notes:
        _print_note(console, note)
    if section.notes:
        console.print()


def _print_note(console: Console, note: str) -> None:
    """Print a note, wrapped; commands and addresses stay on one line however long."""
    room = console.width - 2
    if isinstance(note, CommandText):
        console.print(f" {note}", soft_wrap=True)
    elif "://" in note and max(map(len, note.split())) > room:
        for line in wrap(note, room, break_long_words=False, break_on_hyphens=False):
            console.print(f" {line}", soft_wrap=True)
    else:
        console.print(Padding(breakable(note), (0, 1)))


def _print_table(console: Console, table: Table) -> None:
    """Print a table and an empty line. rich is slow with many rows, so it is used only if cells must wrap."""
    widths = _cell_widths(table)
    total = sum(widths) + GUTTER * len(widths) - 1
    if total <= console.width and not any("\n" in cell for line in table.lines for cell in line.cells):
        console.print(_aligned_text(table, widths, total), soft_wrap=True)
    else:
        console.print(_rich_table(table, console.width), "")


def _cell_widths(table: Table) -> list[int]:
    """The width of each column on the screen."""
    rows = (table.columns, *((_label(line), *line.cells) for line in table.lines))
    return [max(map(cell_len, column)) for column in zip(*rows, strict=True)]


def _label(line: Line) -> str:
    return "  " * line.indent + escape_command(line.label)


def _aligned_text(table: Table, widths: list[int], total: int) -> Text:
    """The lines of a table without wrapped cells, the same as `_rich_table` would print."""

    def aligned(label: str, cells: Iterable[str], style: str) -> Iterator[tuple[str, str]]:
        yield f" {label}{' ' * (widths[0] - cell_len(label))}", style
        for cell, width in zip(cells, widths[1:], strict=True):
            padding = " " * (width - cell_len(cell))
            text = cell + padding if table.text else padding + cell
            yield " " * GUTTER + text, f"{style} {VERDICT_STYLES.get(cell, '')}".strip()
        yield "\n", ""

    heading, *headings = table.columns
    lines = (aligned(_label(line), line.cells, "dim" if line.minor else "") for line in table.lines)
    ruler = ("─" * total, ""), ("\n", "")
    return Text.assemble(*aligned(heading, headings, "table.header"), *ruler, *chain.from_iterable(lines))


def _rich_table(table: Table, width: int) -> RichTable:
    rich_table = RichTable(box=box.SIMPLE_HEAD, show_edge=False)
    room_for_labels = _room_for_labels(table, width)
    for place, column in enumerate(table.columns):
        if table.text:
            rich_table.add_column(Text(column), overflow="fold")
        else:
            is_label = place == 0
            heading = "\n".join(wrap(column, room_for_labels)) if is_label else column
            rich_table.add_column(
                Text(heading),
                justify="left" if is_label else "right",
                overflow="fold",
                no_wrap=is_label and table.longest_label <= min(width // 2, room_for_labels),
                min_width=None if is_label else _longest_word(table, place, width),
                max_width=room_for_labels if is_label else None,
            )
    room = width - table.column_width(0) - GUTTER
    for line in table.lines:
        cells = [breakable(cell, VERDICT_STYLES.get(cell, ""), room) for cell in line.cells]
        label = Padding.indent(Text(escape_command(line.label)), 2 * line.indent)
        rich_table.add_row(label, *cells, style="dim" if line.minor else "")
    return rich_table


def _room_for_labels(table: Table, width: int) -> int:
    """The width left for labels: other columns keep their widths; a single one, its longest word."""
    places = range(1, len(table.columns))
    if len(places) == 1:
        taken = _longest_word(table, 1, width) + GUTTER
    else:
        taken = sum(table.column_width(place) for place in places)
    return max(1, width - (GUTTER - 1) - taken)


def _longest_word(table: Table, column: int, width: int) -> int:
    """The width that a column needs so that no number is split; formulas may break at spaces."""
    words = (word for line in table.lines for word in line.cells[column - 1].split())
    return min(max(map(len, words), default=0), width // 2)


def print_to_text(show: Callable[[Console], None], style: Style) -> str:
    """The text that `show` prints on a console with this style."""
    console = Console(
        file=StringIO(),
        width=style.width,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    with console.capture() as shown:
        show(console)
    lines = (escape_command(line.replace(NO_BREAK_SPACE, " ").rstrip()) for line in shown.get().splitlines())
    text = "\n".join(lines) + "\n"
    return text if style.unicode else as_ascii(text)


def breakable(text: str, style: str = "", room: int = 80) -> Text:
    """`text` for wrapping: short brackets break only if they need more than `room`."""
    words = (
        word if len(word) <= room else word.replace(NO_BREAK_SPACE, " ")
        for word in _with_no_break_spaces(text).split(" ")
    )
    return Text(" ".join(words), style=style)


def _with_no_break_spaces(text: str) -> str:
    return ENCLOSED.sub(lambda enclosed: enclosed[0].replace(" ", NO_BREAK_SPACE), text)


def equation_lines(equation: str, room: int) -> str:
    """`equation`, wrapped to `room` before `=` signs."""
    first, *sides = _with_no_break_spaces(equation).split(" = ")
    lines = [first]
    for side in sides:
        if len(joined := f"{lines[-1]} = {side}") <= room:
            lines[-1] = joined
        else:
            lines.append(f"  = {side}")
    return "\n".join(part for line in lines for part in _wrap_indented(line, room))


def _wrap_indented(line: str, room: int) -> list[str]:
    """`line`, wrapped, with further lines indented."""
    return wrap(line, room, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False)


def label_grid(rows: Iterable[tuple[str, str]]) -> RichTable:
    """Labels, and their texts to the right of them."""
    table = RichTable.grid(padding=(0, GAP))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(Text(f" {label}"), breakable(text))
    return table
