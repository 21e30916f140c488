"""A whole design, from what its layers come to."""

from __future__ import annotations

from collections.abc import Callable

from convcost.analysis.explain.counting import flops, left_out
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.steps import Equation, Part, Side, Step, number
from convcost.core.cost import Size
from convcost.core.report import Report, Row

MOST_TERMS = 8


def total_part(report: Report, groups: tuple[Group, ...]) -> Part:
    """The sums over all layers."""
    steps = (
        _sum("MACs", groups, lambda row: row.cost.macs, report.macs),
        flops(report.cost, report.convention),
        left_out(report.cost, report.convention),
        _sum("parameters", groups, lambda row: row.params, report.params),
    )
    return Part(f"{report.name}, in total", tuple(step for step in steps if step.lines))


def _sum(title: str, groups: tuple[Group, ...], amount: Callable[[Row], Size], total: Size) -> Step:
    terms = [(group.times, amount(group.row)) for group in groups if amount(group.row) != 0]
    if not 1 < len(terms) <= MOST_TERMS:
        return Step(title, (Equation((number(total),)),))
    template = " + ".join("{} × {}" if count > 1 else "{}" for count, _ in terms)
    values = tuple(value for count, each in terms for value in ((count, each) if count > 1 else (each,)))
    return Step(title, (Equation((Side(template, values), number(total))),))
