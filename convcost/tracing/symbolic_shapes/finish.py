"""The report of a run on open sizes, in sympy's formulas, with what they take for granted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from convcost.core.constraints import AtLeast
from convcost.core.report import Report
from convcost.symbolic.formula import Formula, part
from convcost.tracing.symbolic_shapes.facts import Fact
from convcost.tracing.symbolic_shapes.needed import needed, pinned_by, with_pinned
from convcost.tracing.symbolic_shapes.sizes import Sizes

if TYPE_CHECKING:
    from convcost.symbolic.evaluator import SymbolicEvaluator


def finished(report: Report, sizes: Sizes, facts: tuple[Fact, ...]) -> Report:
    """`report` with its numbers as short as the `facts` allow, which become its assumptions."""
    from convcost.symbolic.evaluator import evaluate_feasibly

    return evaluate_feasibly(lambda evaluator: _finished(report, sizes, facts, evaluator))


def _finished(report: Report, sizes: Sizes, facts: tuple[Fact, ...], evaluator: SymbolicEvaluator) -> Report:
    from convcost.symbolic.convert import to_sympy
    from convcost.symbolic.report_mapping import mapped, mapped_trace
    from convcost.symbolic.symbol import symbol

    pinned = pinned_by(facts)
    for requirement in chain(_not_empty(report, sizes), needed(facts, sizes, evaluator)):
        evaluator.require(requirement, 0)

    def shown(number: Any) -> Any:
        ours = with_pinned(sizes.formula(number), pinned)
        settled = evaluator.simplify(ours) if isinstance(ours, Formula) else ours
        return to_sympy(settled) if isinstance(settled, Formula) else settled

    rows = tuple(mapped(row, shown) for row in report.rows)
    trace = report.trace and mapped_trace(report.trace, shown)
    found = replace(report, rows=rows, trace=trace, sizes={name: symbol(name) for name in sizes.examples})
    return replace(found, assumptions=evaluator.assumptions.assumed)


def _not_empty(report: Report, sizes: Sizes) -> Iterator[AtLeast]:
    """That every tensor has an element: no kernel is larger than what it slides over."""
    trace = report.trace
    shapes = [operation.output for operation in trace.operations] if trace else []
    factors = (part for shape in shapes for size in shape for part in _factors(sizes.formula(size)))
    for factor in dict.fromkeys(factors):
        yield AtLeast(factor, 1, "a dimension")


def _factors(dimension: Any) -> Iterator[Any]:
    """The parts of a product; it is 1 or more if they are."""
    if isinstance(dimension, Formula) and len(dimension.terms) == 1:
        yield from (part(*atom) for atom in dimension.atoms)
    elif isinstance(dimension, Formula):
        yield dimension
