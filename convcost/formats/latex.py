"""LaTeX, for papers: plain tabulars, with numbers and formulas in math mode. It needs amsmath."""

from __future__ import annotations

import re

from convcost.formats.document import Section, Table
from convcost.formats.interface import Result, Style
from convcost.formats.layout import document
from convcost.formats.tex import finished, mathematics, text

FORMULA = re.compile(r"\d|·|⌊|^\w$")


def render(result: Result, style: Style) -> str:
    """A description of what it is about, tabulars, and the notes as a list."""
    read = document(result, style._replace(unicode=True))
    items = [rf"\item[{text(label)}] \texttt{{{text(content)}}}" for label, content in read.heading]
    parts = [_environment("description", items), *(part for each in read.sections for part in _section(each))]
    return finished("\n\n".join(part for part in parts if part) + "\n", style.unicode)


def _section(section: Section) -> list[str]:
    notes = [rf"\item {text(note)}" for note in section.notes]
    return [*map(_table, section.tables), _environment("itemize", notes)]


def _environment(name: str, lines: list[str], options: str = "") -> str:
    return "\n".join((rf"\begin{{{name}}}{options}", *lines, rf"\end{{{name}}}")) if lines else ""


def _table(table: Table) -> str:
    rows = [[(r"\quad " if line.minor else "") + text(line.label), *line.cells] for line in table.lines]
    body = [
        _row([label, *(text(cell) if table.text else _cell(cell) for cell in cells)])
        for label, *cells in rows
    ]
    columns = "l" if table.text else "r"
    lines = [r"\hline", _row(list(map(text, table.columns))), r"\hline", *body, r"\hline"]
    return _environment("tabular", lines, f"{{l{columns * (len(table.columns) - 1)}}}")


def _row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _cell(cell: str) -> str:
    return f"${mathematics(cell).rstrip()}$" if FORMULA.search(cell) else text(cell)
