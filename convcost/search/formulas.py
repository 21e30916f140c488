"""Quantities of a report as formulas in its open sizes, evaluated at many sizes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from convcost.analysis.lower_bound import LowerBound
from convcost.core.errors import UsageError
from convcost.core.report import Assumption, Report
from convcost.search.evaluator import ColumnEvaluator


class QuantityFormulas(NamedTuple):
    """An int or a formula for each quantity, and the formulas' assumptions."""

    quantities: tuple[Any, ...]
    assumptions: tuple[Assumption, ...] = ()

    def evaluate(self, sizes: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """The quantities at `sizes`, ints or columns; `evaluator` gets the places at which they hold."""
        for name, size in sizes.items():
            error = partial(UsageError, f"{name} is {size}; it must be at least 1")
            evaluator.restrict(size >= 1, error, f"{name} must be at least 1")
        self._restrict_by_assumptions(sizes, evaluator)
        return tuple(
            formula if isinstance(formula, int) else _value(formula, sizes) for formula in self.quantities
        )

    def _restrict_by_assumptions(self, sizes: Mapping[str, Any], evaluator: ColumnEvaluator) -> None:
        if not self.assumptions:
            return
        from convcost.symbolic.sizes import is_decided, is_fulfilled, violated_assumption

        for assumption in self.assumptions:
            if is_decided(assumption, sizes):
                holds = is_fulfilled(assumption, sizes)
                rule = f"the formulas hold only where {assumption.text}"
                evaluator.restrict(holds, partial(violated_assumption, assumption, sizes), rule)


NO_BOUNDS: Mapping[str, LowerBound] = {}


def formulas_of(
    report: Report, metrics: Iterable[str], bounds: Mapping[str, LowerBound] = NO_BOUNDS
) -> QuantityFormulas:
    """The formulas of `metrics`, some of which may be `bounds`; UsageError if one has none."""
    return QuantityFormulas(quantities_of(report, metrics, bounds), report.assumptions)


def quantities_of(
    report: Report, metrics: Iterable[str], bounds: Mapping[str, LowerBound] = NO_BOUNDS
) -> tuple[Any, ...]:
    """The report's quantities for `metrics`; those in `bounds` are lower bounds in ticks.

    UsageError if one is unknown.
    """
    return tuple(
        bounds[metric].ticks(report) if metric in bounds else _quantity(report, metric) for metric in metrics
    )


def _quantity(report: Report, metric: str) -> Any:
    found = getattr(report, metric)
    if found is None:
        raise UsageError(f"{metric} has no formula here")
    return found


def _value(formula: Any, sizes: Mapping[str, Any]) -> Any:
    from convcost.symbolic.sympy_expressions import quotient

    numerator, denominator = quotient(formula, sizes)
    return numerator // denominator
