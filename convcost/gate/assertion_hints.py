"""What may explain an asserted figure that is not the counted one: another quantity, or one layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from convcost.core.cost import Convention, Cost
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report, Row
from convcost.gate.assertion import AssertionResult
from convcost.gate.checks import EntryCheck
from convcost.gate.limit import SizeFormula
from convcost.spec.evaluate import OpenSizes, evaluate

CONFUSABLE: dict[str, dict[str, Callable[[Cost], Any]]] = {
    "flops": {
        "the MACs": lambda cost: cost.macs,
        "the FLOPs by count='matmul'": lambda cost: cost.flops(),
        "the FLOPs by count='bias'": lambda cost: cost.flops(Convention("bias")),
        "the FLOPs by count='all'": lambda cost: cost.flops(Convention("all")),
        "the FLOPs by taps='valid'": lambda cost: None if cost.valid_macs is None else 2 * cost.valid_macs,
    },
    "macs": {
        "the FLOPs": lambda cost: cost.flops(),
        "the MACs on real data": lambda cost: cost.valid_macs,
    },
}
"""What else people mean by a metric."""


def hints(result: AssertionResult, check: EntryCheck) -> Iterator[str]:
    """Sentences about an equality that does not hold; none where nothing explains it exactly."""
    if check.relation != "=" or not BY_NAME[check.metric].is_additive:
        return
    report, wanted = result.report, wanted_amount(result, check)
    for name, quantity in CONFUSABLE.get(check.metric, {}).items():
        if _is_same(quantity(report.cost), wanted):
            yield f"What is wanted are {name}"
    yield from _one_row(report, check.metric, wanted)


def _one_row(report: Report, metric: str, wanted: Any) -> Iterator[str]:
    """The first layer or module that costs exactly the difference."""
    difference = getattr(report, metric) - wanted
    for row in report.rows:
        figure = BY_NAME[metric].in_row(row, report.convention)
        if figure is not None and _is_same(difference, figure):
            yield f"{_row_name(row)} makes the difference"
            return
        if figure is not None and _is_same(-difference, figure):
            yield f"One more like {_row_name(row)} would make up for the difference"
            return


def _row_name(row: Row) -> str:
    return f"{row.path}: {row.kind}" if row.path else row.kind


def wanted_amount(result: AssertionResult, check: EntryCheck) -> Any:
    """The number that a check asks for; the formula where its size names are open."""
    if not isinstance(check.wanted, str):
        return check.wanted
    from convcost.symbolic.sympy_bridge import symbol

    [formula] = [limit.wanted for limit in result.limits if limit.key == check.key]
    assert isinstance(formula, SizeFormula)
    given = result.counted.entry.sizes
    sizes = OpenSizes({name: given.get(name, symbol(name)) for name in formula.names})
    return evaluate(formula.expression, sizes, formula.text)


def _is_same(first: Any, second: Any) -> bool:
    if first is None or second is None or first == 0:
        return False
    if all(isinstance(each, int | Fraction) for each in (first, second)):
        return bool(first == second)
    from convcost.symbolic.breakeven import is_equal, to_expression

    return is_equal(to_expression(first, ()), to_expression(second, ()), ()) == "yes"
