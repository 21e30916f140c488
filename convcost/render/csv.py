"""CSV: a line for each candidate or counter, a column for each quantity."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from convcost.core.diagnosis import DiagnosedReport
from convcost.core.escapes import csv_cell
from convcost.core.match import Match
from convcost.core.report import Comparison, Report
from convcost.gate.verdict import Checked
from convcost.render import estimates
from convcost.render.interface import CounterList, DeviceList, Result, Style
from convcost.render.match_records import match_rows
from convcost.render.plain import plain
from convcost.render.records import counter_list_record, report_record
from convcost.verify.result import Verified


def render(result: Result, style: Style) -> str:
    """Integers are exact, shapes are [1, 128, 10] or [B, S, E*L]; each counter has a verdict and FLOPs.

    A torch module's report has a line for each of its submodules, or operators.
    """
    text = StringIO()
    rows = _rows(result, style)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: csv_cell(cell) for column, cell in row.items()} for row in rows)
    return text.getvalue() if style.unicode else plain(text.getvalue())


def _rows(result: Result, style: Style) -> list[dict[str, Any]]:
    match result:
        case Comparison(candidates=candidates):
            return [_row(report) for report in candidates]
        case CounterList():
            rows: list[dict[str, Any]] = counter_list_record(result)["counters"]
            return rows
        case Match():
            return match_rows(result)
        case DiagnosedReport():
            from convcost.render.diagnosis.records import rows as refereed_rows

            return refereed_rows(result)
        case Checked():
            from convcost.render.gate.records import check_rows

            return check_rows(result)
        case Verified():
            from convcost.render.verify_records import verified_rows

            return verified_rows(result)
        case DeviceList():
            from convcost.render.devices.records import device_rows

            return device_rows(result)
        case Report(trace=trace) if trace:
            from convcost.render.model.records import part_records

            return list(map(_cells, part_records(result, trace, style.view)))
        case _:
            return [_row(result)]


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
