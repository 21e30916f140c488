"""Markdown, for pull requests and documents."""

from __future__ import annotations

from convcost.formats.document import Line, Table
from convcost.formats.interface import Result, Style
from convcost.formats.layout import document
from convcost.formats.plain import plain


def render(result: Result, style: Style) -> str:
    """A list of what it is about, pipe tables, and the notes as a list."""
    read = document(result, style)
    about = (*read.heading, *read.facts)
    heading = [f"- **{label}**: `{text}`" if label else f"  - `{text}`" for label, text in about]
    parts = [heading]
    for section in read.sections:
        parts += [*map(_table, section.tables), [f"- {escaped(note)}" for note in section.notes]]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return text if style.unicode else plain(text)


def _table(table: Table) -> list[str]:
    rule = ["---", *(["---"] if table.text else ["---:"]) * (len(table.columns) - 1)]
    rows = [(_indented(line), *line.cells) for line in table.lines]
    return [_row(table.columns), _row(rule), *map(_row, rows)]


def _indented(line: Line) -> str:
    return "&nbsp;" * 4 * line.depth + (f"↳ {line.label}" if line.minor else line.label)


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(map(escaped, cells))} |"


def escaped(text: str) -> str:
    """`text` without anything that Markdown reads as a sign of its own."""
    return (
        text.replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("*", "\\*")
        .replace("<", "&lt;")
        .replace("_", "\\_")
    )
