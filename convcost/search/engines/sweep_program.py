"""A sweep as one expression graph: sizes at a point of the grid, rules, quantities.

Database engines evaluate it. A point is `head` · (number of tails) + `tail`. These two are the inputs, so
that expressions that depend on only one of them need not be computed for each point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

from convcost.core.errors import SpecError
from convcost.search.evaluator import ColumnSizes
from convcost.search.graph.expression_graph import ExpressionGraph
from convcost.search.graph.graph_branches import (
    DesignRule,
    EvaluatedDesign,
    Values,
    all_of,
    branches,
    evaluate_design,
    merge,
)
from convcost.search.graph.graph_conditions import choose, conjunction, equal, negation
from convcost.search.graph.graph_numbers import GraphNumber, given_number
from convcost.search.graph.graph_results import Number, Truth, bounds_of, inputs_of, operation_number
from convcost.search.grid import Axis, AxisFormula, Grid
from convcost.search.grid_blocks import SweepPlan
from convcost.search.where import WhereQuotient
from convcost.spec.evaluate import evaluate

HEAD, TAIL = "#head", "#tail"
"""The names of the inputs, which no size can have."""


class RuleGroup(NamedTuple):
    """Rules of which the first that fails is the reason why `times` designs are impossible.

    They apply where `condition` holds.
    """

    condition: Truth
    rules: tuple[DesignRule, ...]
    times: int = 1


@dataclass(frozen=True)
class SweepProgram:
    """The values at a point: `sizes` by name, and the quantities of each design.

    `rule_groups` are the rules that make designs impossible: at each point, at most one is the first to fail
    for a design.
    """

    graph: ExpressionGraph
    plan: SweepPlan
    point: Number
    sizes: Mapping[str, Number]
    common: Truth
    designs: tuple[EvaluatedDesign, ...]
    reference: EvaluatedDesign | None
    rule_groups: tuple[RuleGroup, ...]

    def number(self, value: Number | Truth) -> int:
        """The operation whose result is `value`."""
        return operation_number(self.graph, value)

    def row_conditions(self, design: int) -> list[int]:
        """The conditions of a row: the design is possible, and meets the sweep's condition."""
        return [self.number(self.possible(design)), self.number(self.condition(design))]

    def possible(self, design: int) -> Truth:
        """Whether the design with that number is possible."""
        return conjunction(self.common, self.designs[design].possible)

    @property
    def largest_sizes(self) -> dict[str, int]:
        """The largest value of each size."""
        return {name: bounds_of(size)[1] for name, size in self.sizes.items()}

    @property
    def rule_axes(self) -> frozenset[str]:
        """The axes that decide whether designs are possible."""
        truths = (
            each
            for group in self.rule_groups
            for each in (group.condition, *(rule.condition for rule in group.rules))
        )
        return frozenset().union(*(inputs_of(truth) for truth in truths))

    def quantities(self, design: int) -> dict[str, Number]:
        """The design's quantities by name."""
        return dict(zip(self.plan.metrics, self.designs[design].quantities, strict=True))

    @property
    def reference_quantity(self) -> Number | None:
        """The reference's quantity for the ratio; None without a reference."""
        return self.reference.quantities[self.plan.ratio_place] if self.reference else None

    def quotient(self, design: int, name: str) -> tuple[Number, Number]:
        """The numerator and the denominator of one of the plan's quotients, such as the ratio."""
        quotient = self.plan.every_quotient[name]
        return quotient.operands(self.quantities(design), self.reference_quantity)

    def values(self, design: int) -> dict[str, Number]:
        """Every integer that the condition or the order can use."""
        return {**self.plan.grid.fixed, **self.sizes, **self.quantities(design)}

    def condition(self, design: int) -> Truth:
        """Whether the design meets the sweep's condition."""
        if not self.plan.condition:
            return True
        values = {name: WhereQuotient(value) for name, value in self.values(design).items()}
        for name in self.plan.every_quotient:
            values[name] = WhereQuotient(*self.quotient(design, name))
        return self.plan.condition.holds(values)  # type: ignore[no-any-return]


def sweep_program(plan: SweepPlan, tail_axes: int) -> SweepProgram:
    """The program of a sweep; the last `tail_axes` axes form the tail."""
    graph = ExpressionGraph()
    grid = plan.grid
    places, point = _places(graph, grid, tail_axes)
    sizes, rules = _sizes(graph, grid, places)
    values = {axis.name: _values(axis) for axis in grid.axes}
    common = all_of(rule.condition for rule in rules)
    number = len(plan.designs)
    groups = [RuleGroup(True, tuple(rules), number)] if rules else []
    reference = None
    if plan.reference:
        reference = evaluate_design(graph, plan.reference, sizes, values)
        groups += _groups(common, reference, number)
        common = conjunction(common, reference.possible)
    designs = tuple(evaluate_design(graph, design, sizes, values) for design in plan.designs)
    for design in designs:
        groups += _groups(common, design, 1)
    return SweepProgram(graph, plan, point, sizes, common, designs, reference, tuple(groups))


def _groups(common: Truth, design: EvaluatedDesign, times: int) -> Iterable[RuleGroup]:
    for condition, rules in design.rules:
        if rules and (where := conjunction(common, condition)) is not False:
            yield RuleGroup(where, rules, times)


def _places(graph: ExpressionGraph, grid: Grid, tail_axes: int) -> tuple[dict[str, Number], Number]:
    """The index of each axis's value, by name, and the number of the point."""
    split = len(grid.axes) - tail_axes
    tails = prod(grid.lengths[split:])
    head = given_number(graph, HEAD, 0, prod(grid.lengths[:split]) - 1)
    tail = given_number(graph, TAIL, 0, tails - 1)
    places: dict[str, Number] = {}
    for rest, axes in ((head, grid.axes[:split]), (tail, grid.axes[split:])):
        for axis in reversed(axes):
            places[axis.name] = place = rest % len(axis)
            if isinstance(place, GraphNumber):
                graph.rename_inputs(place.number, axis.name)
            rest = rest // len(axis)  # noqa: PLW2901
    return places, head * tails + tail


def _values(axis: Axis) -> Values:
    """The values of an axis; empty if it has formulas."""
    ranges = [part for part in axis.parts if isinstance(part, range)]
    if len(ranges) < len(axis.parts):
        return ()
    return ranges[0] if len(ranges) == 1 else tuple(size for part in ranges for size in part)


def _sizes(
    graph: ExpressionGraph, grid: Grid, places: Mapping[str, Number]
) -> tuple[dict[str, Number], list[DesignRule]]:
    """The sizes at a point, and the rules for its formulas to be sizes."""
    sizes: dict[str, Number] = {}
    rules: list[DesignRule] = []
    for axis in grid.order:
        place = places[axis.name]
        steps = _steps(axis)
        size = _step_value(place, steps) if steps else 0
        for start, part in axis.numbered_parts:
            if isinstance(part, AxisFormula):
                value, is_size = _formula(graph, part, {**grid.fixed, **sizes})
                here = equal(place, start)
                size = choose(here, value, size)
                rules.append(
                    DesignRule(axis.formula_rule(part), negation(conjunction(here, negation(is_size))))
                )
        sizes[axis.name] = size
    rules = [rule for rule in rules if rule.condition is not True]
    return {axis.name: sizes[axis.name] for axis in grid.axes}, rules


class _Step(NamedTuple):
    """Values of an axis in equal steps, from index `start` on."""

    start: int
    values: range


def _steps(axis: Axis) -> list[_Step]:
    """The numbers of an axis, with equal steps combined: 1,3,5,7 is a range."""
    steps: list[_Step] = []
    for start, part in axis.numbered_parts:
        if not isinstance(part, range):
            continue
        extended = steps and _extend_step(steps[-1], start, part)
        if extended:
            steps[-1] = extended
        else:
            steps.append(_Step(start, part))
    return steps


def _extend_step(step: _Step, start: int, part: range) -> _Step | None:
    """The step extended by `part`, if that continues it; else None."""
    if step.start + len(step.values) != start or len(part) > 1:
        return None
    distance = part[0] - step.values[-1]
    if distance <= 0 or (len(step.values) > 1 and distance != step.values.step):
        return None
    return _Step(step.start, range(step.values[0], part[0] + 1, distance))


def _step_value(place: Number, steps: list[_Step]) -> Number:
    """The value at an index, by binary search."""
    if len(steps) == 1:
        start, values = steps[0]
        return (place - start) * values.step + values.start if len(values) > 1 else values.start
    middle = len(steps) // 2
    is_before = place < steps[middle].start
    halves = _step_value(place, steps[:middle]), _step_value(place, steps[middle:])
    return choose(is_before, *halves)  # type: ignore[no-any-return]


def _formula(
    graph: ExpressionGraph, formula: AxisFormula, sizes: Mapping[str, Number]
) -> tuple[Number, Truth]:
    """The value of a formula, and whether it is a size."""

    def value() -> tuple[Any, Truth]:
        known = ColumnSizes(sizes)  # type: ignore[arg-type]
        try:
            found: Any = evaluate(formula.expression, known, formula.text)
        except SpecError:
            return 0, False
        return found, all_of([*(division.holds() for division in known.divisions), found >= 0])

    found = branches(graph, value)
    return merge(graph, found, lambda leaf: leaf[0]), merge(graph, found, lambda leaf: leaf[1])
