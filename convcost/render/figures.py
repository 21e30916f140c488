"""What a single design costs, line by line: exact figures and about how much that is, or formulas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convcost.core.arithmetic import elements
from convcost.core.report import Report
from convcost.core.units import NONE, exact, fraction, human
from convcost.render.document import Line
from convcost.render.metrics import label, shown_metrics
from convcost.render.notes import shape_text
from convcost.render.numbers import LONGEST_ALONE, in_full, is_number, shown

DTYPES = ("float64", "float32", "bfloat16", "int8")
UNITS = {
    "params": "params",
    "trainable_params": "params",
    "macs": "MACs",
    "valid_macs": "MACs",
    "flops": "FLOPs",
    "bytes": "B",
}


def figures(report: Report) -> list[Line]:
    """Every metric; of a single layer the parameters one by one; of a design the bytes in other dtypes."""
    lines = []
    for metric in shown_metrics(report):
        cells = _figures(
            getattr(report, metric.name), UNITS.get(metric.name, ""), report, metric.missing or NONE
        )
        lines.append(Line(label(metric, report), cells, metric.is_minor))
        if metric.name == "params" and len(report.rows) == 1:
            lines += _parameters(report)
        if metric.name == "bytes" and not report.trace:
            lines += _bytes_by_dtype(report)
    return lines


def _figures(value: Any, unit: str, report: Report, missing: str = NONE) -> tuple[str, ...]:
    """The exact value, and about how much that is; or the formula alone."""
    if value is None:
        return (missing,) if report.open_names else (missing, "")
    if report.open_names:
        return (in_full(value) if is_number(value) else shown(value, longest=LONGEST_ALONE),)
    if value.denominator != 1:
        return ("", exact(value))
    return (fraction(value), human(value, unit) if unit else "")


def _parameters(report: Report) -> list[Line]:
    return [
        Line(f"{name} {shape_text(shape)}", _figures(elements(shape), "", report), minor=True)
        for name, shape in report.rows[0].parameters.items()
    ]


def _bytes_by_dtype(report: Report) -> list[Line]:
    others = [replace(report, dtype=dtype) for dtype in DTYPES if dtype != report.dtype]
    return [Line(f"in {other.dtype}", _figures(other.bytes, "B", report), minor=True) for other in others]
