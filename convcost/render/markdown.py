"""Markdown, for pull requests and documents."""

from __future__ import annotations

from convcost.core.escapes import markdown, markdown_code
from convcost.render.document import Line, Table
from convcost.render.kinds import Result, document
from convcost.render.style import Style, as_ascii


def render(result: Result, style: Style) -> str:
    """A list of what it is about, pipe tables, and the notes as a list."""
    read = document(result, style)
    about = (*read.heading, *read.facts)
    heading = [
        f"- **{markdown(label)}**: {markdown_code(text)}" if label else f"  - {markdown_code(text)}"
        for label, text in about
    ]
    parts = [heading]
    for section in read.sections:
        parts += [*map(_table, section.tables), [f"- {markdown(note)}" for note in section.notes]]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return text if style.unicode else as_ascii(text)


def _table(table: Table) -> list[str]:
    rule = ["---", *(["---"] if table.text else ["---:"]) * (len(table.columns) - 1)]
    rows = [(_indented(line), *map(markdown, line.cells)) for line in table.lines]
    return [_row(tuple(map(markdown, table.columns))), _row(rule), *map(_row, rows)]


def _indented(line: Line) -> str:
    return "&nbsp;" * 4 * line.depth + "↳ " * line.minor + markdown(line.label)


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
