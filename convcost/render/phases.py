"""Tables of the phases of a training step, for one design and for several."""

from __future__ import annotations

from convcost.core.comparison import Comparison
from convcost.core.cost import Cost, Size, ratio_of
from convcost.core.report import Report
from convcost.core.trace import PHASES, Phase
from convcost.core.units import NONE
from convcost.render.columns import macs_metric
from convcost.render.document import Line, Table
from convcost.render.formulas import approximate_text, factor_text, short_text
from convcost.render.quantities import candidate_columns, with_ratios

PHASE_LABELS: dict[Phase, str] = {
    "forward": "forward",
    "gradient by input": "input gradient",
    "gradient by weight": "weight gradient",
    "recomputation": "recomputation",
}
"""What tables call the phases, which keep their longer names in JSON."""

INPUT_NOTE = (
    "The training step includes no gradient of the design's own input, as in the first layer of a network."
)

MODULE_INPUT_NOTE = (
    "The training step includes no gradient of inputs that don't require one, as at the start of a network."
)

ESTIMATE_NOTE = "Elementwise work of the backward is an estimate, and counted as input gradient."


def phase_tables(report: Report) -> tuple[Table, ...]:
    """Forward, gradients, recomputation and their total; empty without a backward."""
    costs = report.phases
    if not costs:
        return ()
    forward = costs.get("forward", Cost()).flops(report.convention)

    macs = macs_metric(report.convention)

    def amount(cost: Cost) -> str:
        return approximate_text(macs.in_cost(cost, report.convention))

    def line(label: str, cost: Cost) -> Line:
        flops = cost.flops(report.convention)
        times = factor_text(ratio_of(flops, forward))
        return Line(
            label,
            (amount(cost), approximate_text(flops), times, approximate_text(cost.elementwise)),
        )

    lines = [line(PHASE_LABELS[phase], cost) for phase, cost in costs.items()]
    lines.append(line("total", sum(costs.values(), Cost())))
    headings = ("training step", macs.standalone_label, "FLOPs", "÷ forward", "elementwise")
    return (Table(headings, tuple(lines)),)


def input_gradient_note(*reports: Report) -> str:
    """A note that no gradient of inputs is counted, if a backward is."""
    with_backward = [report for report in reports if report.phases]
    if any(not report.trace for report in with_backward):
        return INPUT_NOTE
    return MODULE_INPUT_NOTE if with_backward else ""


def estimate_note(*reports: Report) -> str:
    """A note that a spec's elementwise work in the backward is estimated, if it is part of FLOPs."""
    counted = (report for report in reports if report.convention.count == "all" and not report.trace)
    found = (row.gradients.total.elementwise for report in counted for row in report.rows if row.gradients)
    return ESTIMATE_NOTE if any(elementwise != 0 for elementwise in found) else ""


def phase_comparison(comparison: Comparison) -> tuple[Table, ...]:
    """The FLOPs of each phase and of the training step, with ratios; empty without a backward."""
    reports = comparison.candidates
    if not any(report.phases for report in reports):
        return ()
    ran = [phase for phase in PHASES if any(phase in report.phases for report in reports)]
    lines = [
        _ratio_line(PHASE_LABELS[phase], [_phase_flops(report, phase) for report in reports]) for phase in ran
    ]
    lines.append(_ratio_line("training step", [report.training_flops for report in reports]))
    return (Table(("FLOPs", *candidate_columns(reports)), tuple(lines)),)


def _phase_flops(report: Report, phase: Phase) -> Size | None:
    """The FLOPs of a phase; None if no backward is counted."""
    if report.training_flops is None:
        return None
    cost = report.cost if phase == "forward" else report.phases.get(phase, Cost())
    return cost.flops(report.convention)


def _ratio_line(label: str, values: list[Size | None]) -> Line:
    first, *others = values
    ratios = [factor_text(ratio_of(other, first)) for other in others]
    return Line(label, with_ratios([short_text(value, missing=NONE) for value in values], ratios))
