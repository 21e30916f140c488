"""Costs, ratios and totals as records, with a field for each quantity of the table in core/metrics.py."""

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from convcost.core.cost import Convention, Cost
from convcost.core.metrics import METRICS, OF_SOME_MODULES, TRAINING_FLOPS, Metric
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.render.records.record import Field, Formula, Quotient, data, record_type

ADDITIVE = tuple(metric for metric in METRICS if metric.is_additive)

COSTS = tuple(metric for metric in METRICS if metric.of_cost)
"""The metrics that a Cost has."""

IN_ROWS = tuple(metric for metric in ADDITIVE if metric.name != "activations")
"""The metrics of a row; in the schema convcost/1, activations are only in the total."""


def metric_type(metric: Metric) -> Any:
    """The type of the metric's values."""
    if not metric.units:
        return Quotient
    return Formula | None if metric.is_optional else Formula


def fields(metrics: Iterable[Metric]) -> list[Field]:
    """A field for each metric."""
    return [(metric.name, Annotated[metric_type(metric), describe(metric.sentence)]) for metric in metrics]


def ratio_fields() -> list[Field]:
    """A ratio for each metric; for those that only some designs have, only if both have it."""
    return [
        *((metric.name, Quotient) for metric in METRICS),
        *((metric.name, Quotient | UnsetType, UNSET) for metric in (TRAINING_FLOPS, *OF_SOME_MODULES)),
    ]


def training_fields() -> list[Field]:
    """The FLOPs of a training step; left out if no backward is counted."""
    described = Annotated[Formula | UnsetType, describe(TRAINING_FLOPS.sentence)]
    return [(TRAINING_FLOPS.name, described, UNSET)]


def detail_fields() -> list[Field]:
    """The metrics of language models and mixtures of experts; left out for all others."""
    return [(metric.name, _detail_type(metric), UNSET) for metric in OF_SOME_MODULES]


def _detail_type(metric: Metric) -> Any:
    value: Any = Quotient if metric.quotient_of else Formula
    return Annotated[value | UnsetType, describe(metric.sentence)]


def details(report: Report) -> dict[str, Any]:
    """The values of `detail_fields` that the report has."""
    names = (metric.name for metric in OF_SOME_MODULES if report.has_detail(metric.name))
    return {name: data(getattr(report, name)) for name in names}


def backward_fields() -> list[Field]:
    """The costs of the gradients; left out if no backward ran."""
    return [(f"backward_{metric.name}", metric_type(metric) | UnsetType, UNSET) for metric in COSTS]


CostsRecord = record_type("CostsRecord", "A cost, by quantity.", fields(COSTS))


def costs(cost: Cost, convention: Convention) -> dict[str, Any]:
    """Every quantity of `cost` by name."""
    return {metric.name: data(metric.in_cost(cost, convention)) for metric in COSTS}


def backward_costs(cost: Cost, convention: Convention) -> dict[str, Any]:
    """Every quantity of the gradients' cost, by the names of `backward_fields`."""
    return {f"backward_{name}": value for name, value in costs(cost, convention).items()}


def row_quantities(metrics: Iterable[Metric], row: Any, convention: Convention) -> dict[str, Any]:
    """The values of `metrics` for a row, or for a sum of rows, by name."""
    return {metric.name: data(metric.in_row(row, convention)) for metric in metrics}
