"""The quantities as a reader meets them: their order, their labels, which belong below another."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.report import Report
from convcost.core.units import NONE
from convcost.render.numbers import NO_FORMULA


class Metric(NamedTuple):
    """A quantity of a Report by attribute, and its label; a `minor` one details the one above it.

    `missing` stands where there is none.
    """

    attribute: str
    label: str
    minor: bool = False
    missing: str = NONE


METRICS = (
    Metric("params", "parameters"),
    Metric("trainable_params", "trainable", minor=True),
    Metric("macs", "MACs"),
    Metric("valid_macs", "on real data", minor=True, missing=NO_FORMULA),
    Metric("flops", "FLOPs"),
    Metric("flops_per_output_element", "per output element", minor=True),
    Metric("bias_adds", "bias adds"),
    Metric("elementwise", "elementwise"),
    Metric("output_elements", "output elements"),
    Metric("activations", "activations"),
    Metric("bytes", "bytes"),
    Metric("arithmetic_intensity", "FLOPs per byte"),
)


def shown_metrics(*reports: Report) -> tuple[Metric, ...]:
    """Those a table has: what is trainable only where not all parameters are."""
    some_are_frozen = any(report.trainable_params != report.params for report in reports)
    return tuple(each for each in METRICS if some_are_frozen or each.attribute != "trainable_params")


def label(metric: Metric, report: Report) -> str:
    """The metric's label, with the dtype where it matters: a module's tensors may have several."""
    if metric.attribute != "bytes":
        return metric.label
    return f"{metric.label} ({'own dtypes' if report.has_own_dtypes else report.dtype})"
