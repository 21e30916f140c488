"""Markdown, for pull requests and documents."""

from __future__ import annotations

from convcost.core.escapes import escape_markdown, markdown_code_span
from convcost.render.document import (
    Derivation,
    EquationText,
    Line,
    LoopNestText,
    StepText,
    Table,
    split_remark,
)
from convcost.render.kinds import Result, document
from convcost.render.style import UNLIMITED_WIDTH, Style, as_ascii
from convcost.render.texts import CommandText

LINE_BREAK = "  \n  "
"""A line break within an item of a list."""


def render(result: Result, style: Style) -> str:
    """A list of facts, a heading for each derivation, pipe tables, and the notes as a list."""
    laid_out = document(result, style._replace(width=UNLIMITED_WIDTH))
    heading = [_fact(label, text) for label, text in (*laid_out.heading, *laid_out.facts)]
    parts = [heading, *map(_derivation, laid_out.derivations)]
    for section in laid_out.sections:
        parts += [*map(_table, section.tables), [f"- {_note(note)}" for note in section.notes]]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return text if style.unicode else as_ascii(text)


def _note(note: str) -> str:
    return markdown_code_span(note) if isinstance(note, CommandText) else escape_markdown(note)


def _fact(label: str, text: str) -> str:
    """A design or a fact; without a label, a part of the one before."""
    code, remark = split_remark(text)
    shown = markdown_code_span(code) + remark
    return f"- **{escape_markdown(label)}**: {shown}" if label else f"  - {shown}"


def _derivation(derivation: Derivation) -> list[str]:
    return [f"### {escape_markdown(derivation.title)}", "", *map(_step, derivation.steps)]


def _step(step: StepText) -> str:
    return f"- **{step.title}**: {LINE_BREAK.join(map(_line, step.lines))}"


def _line(line: str | EquationText | LoopNestText) -> str:
    match line:
        case EquationText():
            return escape_markdown(line.text)
        case LoopNestText():
            code = "\n".join(f"  {each}" for each in line.lines)
            return f"\n\n  ```text\n{code}\n  ```\n"
    return escape_markdown(line)


def _table(table: Table) -> list[str]:
    rule = ["---", *(["---"] if table.text else ["---:"]) * (len(table.columns) - 1)]
    rows = [(_indented_label(line), *map(escape_markdown, line.cells)) for line in table.lines]
    return [_row(tuple(map(escape_markdown, table.columns))), _row(rule), *map(_row, rows)]


def _indented_label(line: Line) -> str:
    return "&nbsp;" * 4 * line.depth + "↳ " * line.minor + escape_markdown(line.label)


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"
