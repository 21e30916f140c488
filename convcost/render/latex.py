"""LaTeX, for papers: plain tabulars, with numbers and formulas in math mode."""

from __future__ import annotations

from collections.abc import Set

from convcost.core.match import Match
from convcost.core.report import Comparison, Report
from convcost.gate.result import GateResult
from convcost.render.columns import GUTTER, column_width, split
from convcost.render.document import Fact, Section, Table
from convcost.render.kinds import Result, document
from convcost.render.style import Style
from convcost.render.tex import code, escaped, finished, text

LINE = 70
"""About how many characters are as wide as a column of text."""

LISTS = ("description", "itemize")


def render(result: Result, style: Style) -> str:
    """A description of what it is about, tabulars, and the notes as a list."""
    read, names = document(result, style._replace(unicode=True)), _sizes(result)
    about = description(read.heading, read.facts, names)
    parts = [about, *(part for each in read.sections for part in _section(each, names))]
    return finished("\n\n".join(part for part in parts if part) + "\n", style.unicode)


def _sizes(result: Result) -> frozenset[str]:
    """The names of all sizes that formulas may have."""
    match result:
        case Report():
            return frozenset(result.sizes)
        case Comparison(candidates=reports):
            return frozenset(name for report in reports for name in report.sizes)
        case Match():
            reference = result.reference.sizes if result.reference else ()
            return frozenset((*result.sizes, *result.left_open, *result.vary, *reference))
        case GateResult():
            return frozenset(name for entry_result in result.entries for name in entry_result.report.sizes)
    return frozenset()


def description(heading: tuple[tuple[str, str], ...], facts: tuple[Fact, ...], names: Set[str]) -> str:
    """Designs as code, and facts about them."""
    items = [rf"\item[{_label(label)}] {code(content)}" for label, content in heading]
    items += [rf"\item[{_label(label)}] {text(content, names)}" for label, content in facts]
    return environment("description", items)


def _label(label: str) -> str:
    """`label` where it ends with a bracket of the command it is given to."""
    return f"{{{escaped(label)}}}" if "[" in label or "]" in label else escaped(label)


def _start(content: str) -> str:
    """`content` behind a command that would take a bracket for its option."""
    return f"{{}}{content}" if content.startswith(("[", "*")) else content


def environment(name: str, lines: list[str], options: str = "") -> str:
    """`lines` in an environment; nothing if there are none. A list is loose, for code in it breaks badly."""
    begin = rf"\begin{{{name}}}{options}" + r"\sloppy" * (name in LISTS)
    return "\n".join((begin, *lines, rf"\end{{{name}}}")) if lines else ""


def _section(section: Section, names: Set[str]) -> list[str]:
    notes = [rf"\item {_start(text(note, names))}" for note in section.notes]
    tables = [_table(part, names) for table in section.tables for part in split(table, LINE)]
    return [*tables, environment("itemize", notes)]


def _table(table: Table, names: Set[str]) -> str:
    label, *widths = (column_width(table, column) for column in range(len(table.columns)))
    is_wide = label + sum(widths) > LINE
    share = (LINE - label) / len(widths) - GUTTER
    column = rf"p{{{share / LINE:.2f}\linewidth}}" if is_wide else "l" if table.text else "r"
    side = (r"\raggedright " if table.text else r"\raggedleft ") if is_wide else ""
    labels = (r"\quad " * line.indent + text(line.label, names) for line in table.lines)
    cells = ([side + _cell(cell, names) for cell in line.cells] for line in table.lines)
    rows = [[label, *each] for label, each in zip(labels, cells, strict=True)]
    heads = [side * (place > 0) + text(head, names) for place, head in enumerate(table.columns)]
    lines = [r"\hline", _row(heads), r"\hline", *map(_row, rows), r"\hline"]
    return "\\medskip\\noindent\n" + environment("tabular", lines, f"{{l{column * len(widths)}}}")


def _cell(cell: str, names: Set[str]) -> str:
    """The text of `cell`; a long name in it may be broken."""
    written = text(cell, names)
    return written.replace(r"\_", r"\_\allowbreak{}") if len(cell) > LINE // 2 else written


def _row(cells: list[str]) -> str:
    return rf"{_start(' & '.join(cells))} \tabularnewline"
