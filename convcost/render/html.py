"""HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from convcost.render.document import Line, Section, Table
from convcost.render.kinds import Result, document
from convcost.render.style import UNLIMITED_WIDTH, Style, as_ascii

VERDICTS = ("agrees", "differs", "blind", "skipped", "unavailable", "passed", "failed")
"""Cells with these texts get them as their CSS class."""

SHORT_HEADING = 16
"""The most characters of a heading that does not wrap."""


def render(result: Result, style: Style) -> str:
    """An HTML fragment: facts, tables, notes; no script, and no style except alignment."""
    laid_out = document(result, style._replace(width=UNLIMITED_WIDTH))
    heading = "<br>".join(
        f"{f'<b>{escape(label)}</b> ' if label else ''}<code>{escape(text)}</code>"
        for label, text in (*laid_out.heading, *laid_out.facts)
    )
    text = f"<div><p>{heading}</p>{''.join(map(_section, laid_out.sections))}</div>\n"
    return text if style.unicode else as_ascii(text)


def _section(section: Section) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in section.notes)
    return f"{''.join(map(table_html, section.tables))}<ul>{notes}</ul>"


def table_html(table: Table, write: Callable[[str], str] = escape, caption: str = "") -> str:
    """A table with headers for columns and lines; `write` converts a text to HTML."""
    side = "left" if table.text else "right"
    about = f"<caption>{escape(caption)}</caption>" if caption else ""
    first, *others = table.columns
    corner = f'<th scope="col" style="text-align:left">{write(first)}</th>' if first else "<td></td>"
    heads = "".join(_heading(column, side, write) for column in others)
    rows = "".join(_row(line, side, write) for line in table.lines)
    return f"<table>{about}<thead><tr>{corner}{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _heading(column: str, side: str, write: Callable[[str], str]) -> str:
    wrap = ";white-space:nowrap" if len(column) <= SHORT_HEADING else ""
    return f'<th scope="col" style="text-align:{side}{wrap}">{write(column)}</th>'


def _row(line: Line, side: str, write: Callable[[str], str]) -> str:
    padding = f";padding-left:{2 * line.indent}em" if line.indent else ""
    style = f"text-align:left;font-weight:normal{padding}"
    cells = "".join(_cell(cell, side, write) for cell in line.cells)
    kind = ' class="minor"' if line.minor else ""
    return f'<tr{kind}><th scope="row" style="{style}">{write(line.label)}</th>{cells}</tr>'


def _cell(cell: str, side: str, write: Callable[[str], str]) -> str:
    verdict = f' class="{cell}"' if cell in VERDICTS else ""
    return f'<td{verdict} style="text-align:{side}">{write(cell)}</td>'
