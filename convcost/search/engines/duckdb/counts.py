"""Counts impossible designs by reason, with DuckDB."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from sqlglot import exp

from convcost.search.engines.duckdb.database import Connection
from convcost.search.engines.duckdb.grid_queries import GridPart, GridQuery, grid_parts, tail_axes
from convcost.search.engines.rule_counts import RuleCounts
from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.graph.sql import DUCKDB, SqlTranslator, select_columns, subquery


class ImpossibleCounts:
    """Counts impossible designs on the axes that decide."""

    def __init__(self, program: SweepProgram) -> None:
        self.counts = RuleCounts(program, tail_axes)
        reduced = self.counts.program
        self.translator = SqlTranslator(reduced.graph, DUCKDB, reduced.largest_sizes)
        self.query = GridQuery(reduced, self.translator, (), self.counts.failures)

    @property
    def parts(self) -> list[GridPart]:
        """The parts of the grid to count on; none if nothing can be impossible."""
        grid = self.counts.program.plan.grid
        return [*grid_parts(grid, tail_axes(grid))] if self.counts.groups else []

    def run(self, connection: Connection, part: GridPart) -> Counter[str]:
        """The impossible designs of a part of the grid."""
        return self.counts.by_reason(connection.execute(self.sql, part.parameters).fetchall())

    @cached_property
    def sql(self) -> str:
        """A query that counts, in each group, which rule fails first."""
        names = {f"f{place}": number for place, number in enumerate(self.query.wanted)}
        failures = subquery(self.translator.select(self.query.query(), names))
        columns = [exp.column(name) for name in names]
        some = exp.or_(*(exp.GT(this=column.copy(), expression=exp.convert(0)) for column in columns))
        counted = select_columns([*columns, exp.Count(this=exp.Star())], failures).where(some, copy=False)
        return DUCKDB.sql(counted.group_by(*(column.copy() for column in columns)))
