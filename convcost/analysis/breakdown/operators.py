"""A model's cost by kind of operator."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from convcost.core.cost import Cost, Size
from convcost.core.trace import Operation, Phase, Trace

PHASES: tuple[Phase, ...] = ("forward", "gradient by input", "gradient by weight", "recomputation")


class OperatorTotal(NamedTuple):
    """All calls of one operator: in the forward, and what the gradients by them cost."""

    operator: str
    calls: int
    cost: Cost
    activations: Size
    backward: Cost
    estimated: bool
    complex: bool
    sparse: bool


def by_operator(trace: Trace) -> tuple[OperatorTotal, ...]:
    """Every operator that cost something; most MACs first, then most elementwise work."""
    calls: dict[str, list[Operation]] = defaultdict(list)
    for operation in trace.operations:
        calls[operation.operator].append(operation)
    totals = [_total(operator, found) for operator, found in calls.items()]
    if all(isinstance(total.cost.macs, int) for total in totals):
        totals.sort(key=lambda total: (-total.cost.macs, -total.cost.elementwise))
    return tuple(totals)


def _total(operator: str, found: list[Operation]) -> OperatorTotal:
    forward = [operation for operation in found if operation.phase == "forward"]
    backward = [operation for operation in found if operation.phase != "forward"]
    return OperatorTotal(
        operator,
        sum(operation.calls for operation in forward),
        sum((operation.cost for operation in forward), Cost()),
        sum(operation.activations for operation in forward),
        sum((operation.cost for operation in backward), Cost()),
        any(operation.estimated for operation in found),
        any(operation.complex for operation in found),
        any(operation.sparse for operation in found),
    )


def phases(trace: Trace) -> dict[Phase, Cost]:
    """The cost of each phase that ran; nothing where only the forward did."""
    ran = {operation.phase for operation in trace.operations}
    return {phase: trace.total(phase) for phase in PHASES if phase in ran} if len(ran) > 1 else {}
