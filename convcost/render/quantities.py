"""Selects the quantities to show, and makes the table of totals of one design."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from convcost.core.arithmetic import elements
from convcost.core.comparison import quotient_name
from convcost.core.metrics import DETAILS, METRICS, Metric
from convcost.core.report import Report
from convcost.core.units import NONE, exact, fraction, human
from convcost.core.weights import WeightsReport
from convcost.render.document import Line, Table
from convcost.render.formulas import LONGEST_ALONE, amount_text, full_text, is_number, shape_text
from convcost.render.texts import MixedText

DTYPES = ("float64", "float32", "bfloat16", "int8")


def totals_table(report: Report) -> Table:
    """Every quantity of one design; of its forward, if a backward is counted too."""
    label = "forward" if report.phases else ""
    headings = (label, "formula") if report.open_names else (label, _exactness(report), "about")
    return Table(headings, tuple(total_lines(report)))


def _exactness(report: Report) -> str:
    """What numbers with every digit are: not exact where an operator is not counted, or by an estimate."""
    trace = report.trace
    if trace is None:
        return "exact"
    if trace.is_partial:
        return "counted"
    operations = (found for found in trace.operations if found.phase == "forward" and found.estimated)
    is_estimate = any(found.cost.flops(report.convention) for found in operations)
    return "estimate" if is_estimate else "exact"


def total_lines(report: Report) -> list[Line]:
    """A line for every metric; also each parameter of a single layer, and a spec's bytes in other dtypes."""
    lines = []
    for metric in shown_metrics(report):
        cells = _amount_cells(
            getattr(report, metric.name), metric.scaled_unit, report, metric.missing or NONE
        )
        lines.append(Line(metric_label(metric, report), cells, metric.is_minor))
        if metric.name == "params" and len(report.rows) == 1:
            lines += _parameter_lines(report)
        if metric.name == "bytes" and not report.trace:
            lines += _bytes_lines(report)
    return lines


def _amount_cells(value: Any, unit: str, report: Report, missing: str = NONE) -> tuple[str, ...]:
    """The exact and the rounded value; or only the formula."""
    if value is None:
        return (missing,) if report.open_names else (missing, "")
    if report.open_names:
        formula = full_text(value) if is_number(value) else amount_text(value, unit, longest=LONGEST_ALONE)
        return (formula,)
    if value.denominator != 1:
        return ("", exact(value))
    return (fraction(value), human(value, unit) if unit else "")


def _parameter_lines(report: Report) -> list[Line]:
    return [
        Line(MixedText(f"{name} ", shape_text(shape)), _amount_cells(elements(shape), "", report), minor=True)
        for name, shape in report.rows[0].parameters.items()
    ]


def _bytes_lines(report: Report) -> list[Line]:
    others = [replace(report, dtype=dtype) for dtype in DTYPES if dtype != report.dtype]
    return [
        Line(f"in {other.dtype}", _amount_cells(other.bytes, "B", report), minor=True) for other in others
    ]


def shown_metrics(*reports: Report) -> tuple[Metric, ...]:
    """The metrics to show; trainable parameters only if some are frozen, details only if present."""
    some_are_frozen = any(report.trainable_params != report.params for report in reports)
    return tuple(
        each
        for metric in METRICS
        if (some_are_frozen or metric.name != "trainable_params") and _is_known(metric, reports)
        for each in (metric, *_details(metric, reports))
    )


def _is_known(metric: Metric, reports: Sequence[Report]) -> bool:
    """Whether a report can have the metric: files of weights have no costs."""
    if not all(isinstance(report, WeightsReport) for report in reports):
        return True
    return any(getattr(report, metric.name) is not None for report in reports)


def _details(metric: Metric, reports: Sequence[Report]) -> Iterator[Metric]:
    """The details of a metric that one of the reports has."""
    for detail in DETAILS.get(metric.name, ()):
        if any(report.has_detail(detail.name) for report in reports):
            yield detail


def metric_label(metric: Metric, report: Report) -> str:
    """The metric's label; for bytes with the dtype, as a module's tensors may have several."""
    if metric.name != "bytes":
        return metric.label
    return f"{metric.label} ({'own dtypes' if report.has_own_dtypes else report.dtype})"


def candidate_columns(reports: Sequence[Report]) -> tuple[str, ...]:
    """The headings of candidates and of their ratios."""
    first, *others = reports
    if len(others) == 1:
        headings = [quotient_name(others[0].name, first.name)]
    else:
        headings = [f"÷ {first.name}"] * len(others)
    return with_ratios([report.name for report in reports], headings)


def with_ratios(cells: Sequence[str], ratios: Sequence[str] = ()) -> tuple[str, ...]:
    """The first candidate's cell, and each other one followed by its ratio, or by an empty cell."""
    first, *others = cells
    pairs = zip(others, ratios or [""] * len(others), strict=True)
    return (first, *(text for pair in pairs for text in pair))
