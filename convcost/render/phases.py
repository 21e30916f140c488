"""The phases of a training step as a table."""

from __future__ import annotations

from convcost.core.cost import Cost, ratio_of
from convcost.core.report import Report
from convcost.render.document import Line, Table
from convcost.render.formulas import approximate_text, factor_text


def phase_tables(report: Report) -> tuple[Table, ...]:
    """Forward, the gradients and what is computed again, and all of it; nothing without backward."""
    costs = report.phases
    if not costs:
        return ()
    forward = costs.get("forward", Cost()).flops(report.convention)

    def line(label: str, cost: Cost) -> Line:
        flops = cost.flops(report.convention)
        times = factor_text(ratio_of(flops, forward))
        return Line(
            label,
            (approximate_text(cost.macs), approximate_text(flops), times, approximate_text(cost.elementwise)),
        )

    lines = [line(phase, cost) for phase, cost in costs.items()]
    lines.append(line("total", sum(costs.values(), Cost())))
    return (Table(("backward", "MACs", "FLOPs", "÷ forward", "elementwise"), tuple(lines)),)
