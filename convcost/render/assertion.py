"""The message of a failed assertion: what is wrong, and the costs by layer or module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from convcost.core.escapes import make_printable
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.units import sign
from convcost.gate.assertion import AssertionResult, hints, wanted_amount
from convcost.render.document import Document, Line, Section, Table
from convcost.render.formulas import is_number, share_text
from convcost.render.gate.baseline_tables import change_tables, wrap_to_fit
from convcost.render.gate.check_texts import LABELS, failure_sentence, figure_text
from convcost.render.notes import sizes_text
from convcost.render.style import Style
from convcost.render.table import render_document
from convcost.render.texts import MixedText

MOST_LINES = 20
"""The most layers to list, the most expensive ones; the others share a line."""


MOST_CHARACTERS = 100
"""The most characters of a spec in a sentence."""


def failure_text(result: AssertionResult, width: int) -> str:
    """A sentence for each failed check, tables, and explanations."""
    name = result.counted.report.name
    sentences: list[str] = [MixedText(f"{name}: ", failure_sentence(check)) for check in result.failed]
    if result.changes and result.like:
        sentences.append(_difference_sentence(result.counted.report, result.like))
    sizes = sizes_text((result.report,))
    tables = (wrap_to_fit(table, width) for table in _tables(result, width))
    section = Section(tuple(tables), tuple(MixedText(text, ".") for text in _notes(result)))
    body = render_document(Document((), section).map_texts(make_printable), Style(width))
    text = "\n".join([*map(make_printable, sentences), *([f"sizes: {sizes}"] if sizes else []), "", body])
    return text.rstrip("\n")


def _difference_sentence(report: Report, like: Report) -> str:
    """The design and the other one, by their names, or by their specs if the names are equal."""
    names = report.name, like.name
    if report.name == like.name:
        names = report.spec[:MOST_CHARACTERS], like.spec[:MOST_CHARACTERS]
    if names[0] == names[1]:
        return f"{report.name} does not cost the same as the other {like.name}"
    return f"{names[0]} does not cost the same as {names[1]}"


def _notes(result: AssertionResult) -> Iterator[str]:
    for check in result.failed:
        yield from hints(result, check)


def _tables(result: AssertionResult, width: int) -> Iterator[Table]:
    failed = dict.fromkeys(check.metric for check in result.failed)
    metrics = [name for name in failed if name in BY_NAME and BY_NAME[name].is_additive]
    if metrics:
        yield _layer_table(result, metrics)
    if result.changes and result.like:
        name, titles = result.counted.report.name, (result.like.name, "here")
        yield from change_tables(result.changes, name, _row_noun(result.report), width, titles)


def _row_noun(report: Report) -> str:
    return "module" if report.trace else "layer"


def _layer_table(result: AssertionResult, metrics: list[str]) -> Table:
    """Each layer's figures, their total, what was asserted, and the difference."""
    report = result.report
    rows = [row for row in report.rows if any(_row_figure(row, report, metric) for metric in metrics)]
    shown, others = _largest_rows(rows, report, metrics[0])
    lines = [Line(_label(row), _cells([row], report, metrics)) for row in shown]
    if others:
        lines.append(Line(f"{len(others)} others", _cells(others, report, metrics)))
    lines += [Line("total", _cells(rows, report, metrics)), *_asserted_lines(result, metrics)]
    columns = (column for metric in metrics for column in (LABELS[metric], "share"))
    table = Table((f"by {_row_noun(report)}", *columns), tuple(lines))
    return table.without("share") if report.open_names else table


def _asserted_lines(result: AssertionResult, metrics: list[str]) -> tuple[Line, Line]:
    """The asserted value of each metric, and the total minus it."""
    checks = [next(check for check in result.failed if check.metric == metric) for metric in metrics]
    pairs = [(check.relation, check.metric, wanted_amount(result, check)) for check in checks]
    asked = (MixedText(f"{relation} ", figure_text(amount)) for relation, _, amount in pairs)
    more = (_signed_text(getattr(result.report, metric) - amount) for _, metric, amount in pairs)
    return Line("asserted", _with_empty_shares(asked)), Line("difference", _with_empty_shares(more))


def _with_empty_shares(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text followed by an empty cell for the column of shares."""
    return tuple(cell for text in texts for cell in (text, ""))


def _signed_text(number: Any) -> str:
    return MixedText(sign(number), figure_text(abs(number))) if is_number(number) else figure_text(number)


def _largest_rows(rows: list[Row], report: Report, metric: str) -> tuple[list[Row], list[Row]]:
    """The rows to list, in order, and the others. Of formulas, which have no order, the first are listed."""
    if len(rows) <= MOST_LINES:
        return rows, []
    ranked = rows
    if not report.open_names:
        ranked = sorted(rows, key=lambda row: -_row_figure(row, report, metric))
    first = {id(row) for row in ranked[: MOST_LINES - 1]}
    return [row for row in rows if id(row) in first], [row for row in rows if id(row) not in first]


def _row_figure(row: Row, report: Report, metric: str) -> Any:
    return BY_NAME[metric].in_row(row, report.convention)


def _cells(rows: list[Row], report: Report, metrics: list[str]) -> tuple[str, ...]:
    cells = []
    for metric in metrics:
        part = sum(_row_figure(row, report, metric) for row in rows)
        cells += [figure_text(part), share_text(part, getattr(report, metric))]
    return tuple(cells)


def _label(row: Row) -> str:
    """`0: Conv1d(4, 4, 3)` of a design, `fc: Linear` of a module."""
    text = str(row.layer)
    described = text if text.startswith(f"{row.kind}(") else row.kind
    return f"{row.path}: {described}" if row.path else described
