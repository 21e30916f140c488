"""CSV: a line for each candidate or counter, a column for each quantity."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from convcost.formats.interface import CounterList, Result, Style
from convcost.formats.match_records import match_rows
from convcost.formats.plain import plain
from convcost.formats.records import counter_list_record, report_record
from convcost.matching import Match
from convcost.report import Comparison


def render(result: Result, style: Style) -> str:
    """Integers are exact, shapes are written 1x128x10, and each counter has a verdict and its FLOPs."""
    text = StringIO()
    rows = _rows(result)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue() if style.unicode else plain(text.getvalue())


def _rows(result: Result) -> list[dict[str, Any]]:
    match result:
        case Comparison(candidates=candidates):
            return [_row(report_record(report)) for report in candidates]
        case CounterList():
            rows: list[dict[str, Any]] = counter_list_record(result)["counters"]
            return rows
        case Match():
            return match_rows(result)
        case _:
            return [_row(report_record(result))]


def _row(record: dict[str, Any]) -> dict[str, Any]:
    counters = record.pop("counters")
    record.pop("rows")
    cells = {name: _cell(value) for name, value in record.items()}
    for name, counter in counters.items():
        cells |= {f"{name}_verdict": counter["verdict"], f"{name}_flops": counter["flops"]}
    return cells


def _cell(value: object) -> object:
    return "x".join(map(str, value)) if isinstance(value, list) else value
