"""LaTeX, for papers: plain tabulars, with numbers and formulas in math mode."""

from __future__ import annotations

from convcost.formats.columns import GUTTER, column_width, split
from convcost.formats.document import Fact, Section, Table
from convcost.formats.interface import Result, Style
from convcost.formats.layout import document
from convcost.formats.tex import code, escaped, finished, text

LINE = 70
"""About how many characters are as wide as a column of text."""

LISTS = ("description", "itemize")


def render(result: Result, style: Style) -> str:
    """A description of what it is about, tabulars, and the notes as a list."""
    read = document(result, style._replace(unicode=True))
    about = description(read.heading, read.facts)
    parts = [about, *(part for each in read.sections for part in _section(each))]
    return finished("\n\n".join(part for part in parts if part) + "\n", style.unicode)


def description(heading: tuple[tuple[str, str], ...], facts: tuple[Fact, ...]) -> str:
    """Designs as code, and facts about them."""
    items = [rf"\item[{escaped(label)}] {code(content)}" for label, content in heading]
    items += [rf"\item[{escaped(label)}] {text(content)}" for label, content in facts]
    return environment("description", items)


def environment(name: str, lines: list[str], options: str = "") -> str:
    """`lines` in an environment; nothing if there are none. A list is loose, for code in it breaks badly."""
    begin = rf"\begin{{{name}}}{options}" + r"\sloppy" * (name in LISTS)
    return "\n".join((begin, *lines, rf"\end{{{name}}}")) if lines else ""


def _section(section: Section) -> list[str]:
    notes = [rf"\item {text(note)}" for note in section.notes]
    tables = [_table(part) for table in section.tables for part in split(table, LINE)]
    return [*tables, environment("itemize", notes)]


def _table(table: Table) -> str:
    label, *widths = (column_width(table, column) for column in range(len(table.columns)))
    is_wide = label + sum(widths) > LINE
    share = (LINE - label) / len(widths) - GUTTER
    column = rf"p{{{share / LINE:.2f}\linewidth}}" if is_wide else "l" if table.text else "r"
    side = (r"\raggedright " if table.text else r"\raggedleft ") if is_wide else ""
    rows = [
        [r"\quad " * line.indent + text(line.label), *(side + _cell(cell) for cell in line.cells)]
        for line in table.lines
    ]
    heads = [side * (place > 0) + text(head) for place, head in enumerate(table.columns)]
    lines = [r"\hline", _row(heads), r"\hline", *map(_row, rows), r"\hline"]
    return "\\medskip\\noindent\n" + environment("tabular", lines, f"{{l{column * len(widths)}}}")


def _cell(cell: str) -> str:
    """The text of `cell`; a long name in it may be broken."""
    return text(cell).replace(r"\_", r"\_\allowbreak{}") if len(cell) > LINE // 2 else text(cell)


def _row(cells: list[str]) -> str:
    return rf"{' & '.join(cells)} \tabularnewline"
