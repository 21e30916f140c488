"""Counts impossible designs by reason, with DuckDB: on the axes alone that it depends on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property

from sqlglot import exp

from convcost.search.engines.duckdb_database import Connection
from convcost.search.graph_numbers import Number, choose, operation_number
from convcost.search.grid import Axis, AxisFormula, Grid
from convcost.search.grid_queries import GridPart, GridQuery, grid_parts, tail_axes
from convcost.search.sql import DUCKDB, SqlTranslator, selection, subquery
from convcost.search.sweep_program import RuleGroup, SweepProgram, sweep_program


class ImpossibleCounts:
    """Counts them on a grid whose other axes have one value, times the points that each stands for."""

    def __init__(self, program: SweepProgram) -> None:
        grid = _reduced(program.plan.grid, program.rule_axes)
        self.times = program.plan.grid.points // grid.points
        self.program = sweep_program(replace(program.plan, grid=grid), tail_axes(grid))
        self.groups = self.program.rule_groups
        numbers = [operation_number(self.program.graph, _first_failure(group)) for group in self.groups]
        self.translator = SqlTranslator(self.program.graph, DUCKDB, self.program.largest_sizes)
        self.query = GridQuery(self.program, self.translator, (), numbers)

    @property
    def parts(self) -> list[GridPart]:
        """The parts of the grid to count on; none if nothing can be impossible."""
        grid = self.program.plan.grid
        return [*grid_parts(grid, tail_axes(grid))] if self.groups else []

    def run(self, connection: Connection, part: GridPart) -> Counter[str]:
        """The impossible designs of a part of the grid."""
        found: Counter[str] = Counter()
        for *failures, count in connection.execute(self.sql, part.parameters).fetchall():
            for group, failure in zip(self.groups, failures, strict=True):
                if failure:
                    found[group.rules[failure - 1].text] += count * group.times * self.times
        return found

    @cached_property
    def sql(self) -> str:
        """A query for which rule fails first in each group, and how often."""
        names = {f"f{place}": number for place, number in enumerate(self.query.wanted)}
        failures = subquery(self.translator.select(self.query.query(), names))
        columns = [exp.column(name) for name in names]
        some = exp.or_(*(exp.GT(this=column.copy(), expression=exp.convert(0)) for column in columns))
        counted = selection([*columns, exp.Count(this=exp.Star())], failures).where(some, copy=False)
        return DUCKDB.sql(counted.group_by(*(column.copy() for column in columns)))


def _first_failure(group: RuleGroup) -> Number:
    """The number of the first rule that does not hold, from 1 on; 0 if all do."""
    found: Number = 0
    for number, rule in reversed([*enumerate(group.rules, 1)]):
        found = choose(rule.condition, found, number)
    return choose(group.taken, found, 0)  # type: ignore[no-any-return]


def _reduced(grid: Grid, names: frozenset[str]) -> Grid:
    """The grid with one value for each axis that is not called so."""
    return Grid(
        tuple(axis if axis.name in names else _with_one_value(axis) for axis in grid.axes), grid.fixed
    )


def _with_one_value(axis: Axis) -> Axis:
    first = axis.parts[0]
    return replace(axis, parts=(first if isinstance(first, AxisFormula) else first[:1],))
