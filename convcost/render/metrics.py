"""Which quantities a table shows, and what it calls them."""

from __future__ import annotations

from convcost.core.metrics import METRICS, Metric
from convcost.core.report import Report


def shown_metrics(*reports: Report) -> tuple[Metric, ...]:
    """Those a table has: what is trainable only where not all parameters are."""
    some_are_frozen = any(report.trainable_params != report.params for report in reports)
    return tuple(each for each in METRICS if some_are_frozen or each.name != "trainable_params")


def label(metric: Metric, report: Report) -> str:
    """The metric's label, with the dtype where it matters: a module's tensors may have several."""
    if metric.name != "bytes":
        return metric.label
    return f"{metric.label} ({'own dtypes' if report.has_own_dtypes else report.dtype})"
