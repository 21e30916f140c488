"""A model's operators as a table, and what forward and backward cost."""

from __future__ import annotations

from collections import Counter

from convcost.analysis.breakdown import OperatorTotal, operator_totals, phase_costs
from convcost.core.cost import Cost, ratio_of
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.render.document import Line, Table
from convcost.render.formulas import about_text, factor_text, share_text, short_text

HEADINGS = ("calls", "MACs", "FLOPs", "share", "elementwise")

NOT_COUNTED = "not counted"
COUNTED_IN_PART = "in part"


def operator_name(operator: str) -> str:
    """The operator's name, without torch's own namespaces."""
    return operator.removeprefix("aten::").removeprefix("higher_order::")


def operator_table(report: Report, trace: Trace, in_full: bool, width: int) -> Table:
    """What each operator costs in the forward; those without FLOPs together, unless asked for `in_full`.

    Elementwise work is left out where the screen has no room, if it is no part of the FLOPs.
    """
    totals = [total for total in operator_totals(trace) if total.calls]
    listed = [total for total in totals if in_full or total.cost.flops(report.convention)]
    lines = [_line(operator_name(total.operator), total.calls, total.cost, report) for total in listed]
    lines += _others([total for total in totals if total not in listed], report)
    lines += _uncounted(trace)
    lines.append(_line("total", sum(total.calls for total in totals), report.cost, report))
    label = "operator, forward" if phase_costs(trace) else "operator"
    table = Table((label, *HEADINGS), tuple(lines))
    if report.open_names:
        table = table.without("MACs", "share")
    is_needed = in_full or report.convention.count == "all" or table.fits(width)
    return table if is_needed else table.without("elementwise")


def _line(label: str, calls: int, cost: Cost, report: Report) -> Line:
    flops = cost.flops(report.convention)
    cells = (short_text(calls), about_text(cost.macs), about_text(flops), share_text(flops, report.flops))
    return Line(label, (*cells, about_text(cost.elementwise)))


def _others(totals: list[OperatorTotal], report: Report) -> list[Line]:
    """One line for all of `totals`."""
    if not totals:
        return []
    label = operator_name(totals[0].operator) if len(totals) == 1 else f"{len(totals)} others"
    cost = sum((total.cost for total in totals), Cost())
    return [_line(label, sum(total.calls for total in totals), cost, report)]


def _uncounted(trace: Trace) -> list[Line]:
    calls: Counter[tuple[str, str]] = Counter()
    for found in trace.uncounted:
        calls[found.operator, COUNTED_IN_PART if found.reason else NOT_COUNTED] += found.calls
    return [
        Line(operator_name(operator), (short_text(number), "", text, "", ""))
        for (operator, text), number in calls.items()
    ]


def phase_tables(report: Report, trace: Trace) -> tuple[Table, ...]:
    """Forward, the gradients and what is computed again, and all of it; nothing without backward."""
    costs = phase_costs(trace)
    if not costs:
        return ()
    forward = costs.get("forward", Cost()).flops(report.convention)

    def line(label: str, cost: Cost) -> Line:
        flops = cost.flops(report.convention)
        times = factor_text(ratio_of(flops, forward))
        return Line(label, (about_text(cost.macs), about_text(flops), times, about_text(cost.elementwise)))

    lines = [line(phase, cost) for phase, cost in costs.items()]
    lines.append(line("total", sum(costs.values(), Cost())))
    return (Table(("backward", "MACs", "FLOPs", "÷ forward", "elementwise"), tuple(lines)),)
