"""HTML, for notebooks."""

from __future__ import annotations

from html import escape

from convcost.render.document import Section, Table
from convcost.render.kinds import Result, document
from convcost.render.style import UNLIMITED_WIDTH, Style, as_ascii


def render(result: Result, style: Style) -> str:
    """A fragment: what it is about, tables, notes; no script and no style of its own but alignment."""
    laid_out = document(result, style._replace(width=UNLIMITED_WIDTH))
    heading = "<br>".join(
        f"{f'<b>{escape(label)}</b> ' if label else ''}<code>{escape(text)}</code>"
        for label, text in (*laid_out.heading, *laid_out.facts)
    )
    text = f"<div><p>{heading}</p>{''.join(map(_section, laid_out.sections))}</div>\n"
    return text if style.unicode else as_ascii(text)


def _section(section: Section) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in section.notes)
    return f"{''.join(map(_table, section.tables))}<ul>{notes}</ul>"


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(
        f"<tr>{_label(line.label, line.indent)}{''.join(map(_cell, line.cells))}</tr>" for line in table.lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _label(label: str, indent: int) -> str:
    padding = f";padding-left:{2 * indent}em" if indent else ""
    return f'<td style="text-align:left{padding}">{escape(label)}</td>'


def _cell(text: str) -> str:
    return f'<td style="text-align:right">{escape(text)}</td>'
