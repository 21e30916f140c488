"""Counts a sweep's impossible designs by reason, on the axes that decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from convcost.search.engines.sweep_program import RuleGroup, SweepProgram, sweep_program
from convcost.search.graph.graph_conditions import choose
from convcost.search.graph.graph_results import Number, operation_number
from convcost.search.grid import Axis, AxisFormula, Grid


class RuleCounts:
    """The program on a grid whose other axes have one value, with the first failing rule of each group.

    Each point of that grid stands for `times` points. `failures` are operations of the program.
    """

    def __init__(self, program: SweepProgram, tail_axes: Callable[[Grid], int]) -> None:
        grid = _reduce_grid(program.plan.grid, program.rule_axes)
        self.times = program.plan.grid.points // grid.points
        self.program = sweep_program(replace(program.plan, grid=grid), tail_axes(grid))
        self.groups = self.program.rule_groups
        self.failures = [operation_number(self.program.graph, _first_failure(group)) for group in self.groups]

    def by_reason(self, rows: Iterable[Sequence[int]]) -> Counter[str]:
        """The number of designs by reason, from rows of the failure of each group, and a number of points."""
        found: Counter[str] = Counter()
        for *failures, number in rows:
            for group, failure in zip(self.groups, failures, strict=True):
                if failure:
                    found[group.rules[failure - 1].text] += number * group.times * self.times
        return found


def _first_failure(group: RuleGroup) -> Number:
    """The number of the first rule that fails, counted from 1; 0 if all hold."""
    found: Number = 0
    for number, rule in reversed([*enumerate(group.rules, 1)]):
        found = choose(rule.condition, found, number)
    return choose(group.condition, found, 0)  # type: ignore[no-any-return]


def _reduce_grid(grid: Grid, names: frozenset[str]) -> Grid:
    """The grid with one value for each axis that is not in `names`."""
    return Grid(
        tuple(axis if axis.name in names else _with_one_value(axis) for axis in grid.axes), grid.fixed
    )


def _with_one_value(axis: Axis) -> Axis:
    first = axis.parts[0]
    return replace(axis, parts=(first if isinstance(first, AxisFormula) else first[:1],))
