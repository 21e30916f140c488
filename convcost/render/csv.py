"""CSV: a line for each candidate or counter, a column for each quantity."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from convcost.core.escapes import csv_cell
from convcost.core.report import Comparison, Report
from convcost.render import estimates
from convcost.render.kinds import Result, rows
from convcost.render.records import report_record
from convcost.render.style import Style, as_ascii


def render(result: Result, style: Style) -> str:
    """Integers are exact, shapes are [1, 128, 10] or [B, S, E*L]; each counter has a verdict and FLOPs.

    A torch module's report has a line for each of its submodules, or operators.
    """
    text = StringIO()
    lines = rows(result, style)
    columns = list(dict.fromkeys(column for line in lines for column in line))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: csv_cell(cell) for column, cell in line.items()} for line in lines)
    return text.getvalue() if style.unicode else as_ascii(text.getvalue())


def comparison_rows(comparison: Comparison, style: Style) -> list[dict[str, Any]]:
    """A line for each candidate."""
    return list(map(_row, comparison.candidates))


def report_rows(report: Report, style: Style) -> list[dict[str, Any]]:
    """A line; for each submodule or operator of a torch module."""
    if not report.trace:
        return [_row(report)]
    from convcost.render.model_records import part_records

    return list(map(_cells, part_records(report, report.trace, style.view)))


def _row(report: Report) -> dict[str, Any]:
    record = report_record(report)
    counters = record.pop("counters")
    cells = _cells(record)
    for name, counter in counters.items():
        cells |= {f"{name}_verdict": counter["verdict"], f"{name}_flops": counter["flops"]}
    return cells | estimates.cells(report)


def _cells(record: dict[str, Any]) -> dict[str, Any]:
    """Each value that is a number, a text or a shape."""
    return {name: _cell(value) for name, value in record.items() if not _is_nested(value)}


def _is_nested(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )


def _cell(value: object) -> object:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
