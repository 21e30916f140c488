"""The operators of a torch module that multiply, each derived from its operands to its costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from convcost.analysis.breakdown import NUMBER, operator_totals
from convcost.analysis.explain.layer import excluded_step, flops
from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    DerivationStep,
    Equation,
    EquationSide,
    Sentence,
    divided,
    number,
    without_rounding,
)
from convcost.core.arithmetic import elements
from convcost.core.cost import Convention, Cost, Shape, Size
from convcost.core.report import Report
from convcost.core.trace import Operation, Trace


class OperationGroup(NamedTuple):
    """Calls of an operator with operands of equal shapes, in similar submodules: `layers.*.up`."""

    path: str
    operator: str
    inputs: tuple[Shape, ...]
    output: Shape
    cost: Cost
    calls: int

    @property
    def title(self) -> str:
        """How often it runs, and where: `3 × layers.*.up: linear`."""
        times = f"{self.calls} × " if self.calls > 1 else ""
        place = f"{self.path}: " if self.path else ""
        return f"{times}{place}{self.operator.removeprefix('aten::')}"


def operation_groups(trace: Trace) -> tuple[OperationGroup, ...]:
    """The operators of the forward pass that multiply, in order of first calls, with the cost of one call."""
    groups: dict[Any, list[Operation]] = defaultdict(list)
    for operation in trace.operations:
        if operation.phase == "forward" and operation.cost.macs != 0:
            path = NUMBER.sub("*", f"{operation.path}.").removesuffix(".")
            cost = _cost_of_a_call(operation)
            groups[path, operation.operator, operation.inputs, operation.output, cost].append(operation)
    return tuple(_group(path, cost, operations) for (path, _, _, _, cost), operations in groups.items())


def _group(path: str, cost: Cost, operations: list[Operation]) -> OperationGroup:
    """Equal operations as one group, under the common path, or their own if it is the same for all."""
    first, paths = operations[0], {operation.path for operation in operations}
    calls = sum(operation.calls for operation in operations)
    place = path if len(paths) > 1 else first.path
    return OperationGroup(place, first.operator, first.inputs, first.output, cost, calls)


def _cost_of_a_call(operation: Operation) -> Cost:
    cost, calls = operation.cost, operation.calls
    if calls == 1:
        return cost
    valid_macs = None if cost.valid_macs is None else _share(cost.valid_macs, calls)
    rest = _share(cost.bias_adds, calls), _share(cost.elementwise, calls)
    return Cost(_share(cost.macs, calls), valid_macs, *rest)


def _share(amount: Size, calls: int) -> Size:
    return amount // calls if isinstance(amount, int) else divided(amount, calls)


def operation_part(group: OperationGroup, report: Report, design: str = "") -> DerivationPart:
    """The derivation of the cost of an operator."""
    convention, cost = report.convention, group.cost
    operands = ", ".join(["{}"] * len(group.inputs))
    input_title = "inputs" if len(group.inputs) > 1 else "input"
    steps = (
        DerivationStep(input_title, (Sentence(operands, group.inputs),) if group.inputs else ()),
        DerivationStep("output", (Sentence("{}", (group.output,)),)),
        DerivationStep("MACs", (_macs(group, report),)),
        DerivationStep("real data", tuple(_on_real_data(cost))),
        flops(cost, convention),
        excluded_step(cost, convention, ()),
        DerivationStep(f"{group.calls} calls", tuple(_all_calls(group, convention))),
    )
    title = f"{design}{': ' if design else ''}{group.title}"
    return DerivationPart(title, tuple(step for step in steps if step.lines))


def _macs(group: OperationGroup, report: Report) -> DerivationLine:
    """MACs per output element × output elements, if the former is a whole number."""
    macs = without_rounding(group.cost.macs, report.assumptions)
    count = elements(group.output)
    each = divided(macs, count) if count != 0 else None
    if not isinstance(each, int) and (each is None or isinstance(macs, int)):
        return Equation((number(group.cost.macs),))
    words = EquationSide("{} × {} output elements", (each, count))
    return Equation((words, number(group.cost.macs)))


def _on_real_data(cost: Cost) -> Iterator[DerivationLine]:
    if cost.valid_macs is not None and cost.valid_macs != cost.macs:
        yield Sentence("{} MACs; the others are on padding or masked scores.", (cost.valid_macs,))


def _all_calls(group: OperationGroup, convention: Convention) -> Iterator[DerivationLine]:
    if group.calls == 1:
        return
    amounts = {"MACs": group.cost.macs, "FLOPs": group.cost.flops(convention)}
    for name, amount in amounts.items():
        side = EquationSide("{} × {}", (group.calls, amount))
        yield Equation((side, number(group.calls * amount)), name)


def module_parts(report: Report, trace: Trace, design: str = "") -> tuple[DerivationPart, ...]:
    """The derivations of a module's operators that multiply, and its totals."""
    groups = operation_groups(trace)
    parts = tuple(operation_part(group, report, design) for group in groups)
    return (*parts, _total(report, trace, groups))


def _total(report: Report, trace: Trace, groups: tuple[OperationGroup, ...]) -> DerivationPart:
    terms = tuple((group.calls, group.cost.macs) for group in groups)
    steps = (
        DerivationStep("MACs", (sum_equation(terms, report.macs),)),
        flops(report.cost, report.convention),
        excluded_step(report.cost, report.convention, ()),
        DerivationStep("elementwise", tuple(_elementwise(trace))),
        DerivationStep("parameters", (Equation((number(report.params),)),)),
    )
    return DerivationPart(f"{report.name}, in total", tuple(step for step in steps if step.lines))


def _elementwise(trace: Trace) -> Iterator[DerivationLine]:
    """The elementwise work of each operator: the most terms of a sum, and the rest together."""
    totals = [total for total in operator_totals(trace) if total.calls and total.cost.elementwise != 0]
    for total in totals[:MOST_TERMS]:
        calls = f"{total.calls} × " if total.calls > 1 else ""
        name = total.operator.removeprefix("aten::")
        yield Sentence("{} by {}", (total.cost.elementwise, f"{calls}{name}"))
    if others := totals[MOST_TERMS:]:
        rest = sum(total.cost.elementwise for total in others)
        yield Sentence("{} by {} other operators", (rest, len(others)))


MOST_TERMS = 8
"""A sum of more terms is shown by its result alone."""


def sum_equation(terms: tuple[tuple[int, Size], ...], total: Size) -> Equation:
    """`total` as the sum of the products of `terms`, where there are a few."""
    if not 1 < len(terms) <= MOST_TERMS:
        return Equation((number(total),))
    template = " + ".join("{} × {}" if count > 1 else "{}" for count, _ in terms)
    values = tuple(value for count, each in terms for value in ((count, each) if count > 1 else (each,)))
    return Equation((EquationSide(template, values), number(total)))
