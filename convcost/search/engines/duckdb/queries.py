"""DuckDB's queries on parts of the grid: the best candidates, all rows, and counts of impossible designs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from sqlglot import exp

from convcost.core.sweep import Objective
from convcost.search.bound_rows import BoundRow
from convcost.search.engines.duckdb.bound_filter import BoundFilter
from convcost.search.engines.duckdb.database import Connection, query_table
from convcost.search.engines.duckdb.grid_queries import GridPart, GridQuery, grid_parts, tail_axes
from convcost.search.engines.row_columns import POINT, RowColumns, integer_array
from convcost.search.engines.rule_counts import RuleCounts
from convcost.search.engines.sort_keys import SortKey, sort_key
from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.graph.sql import DUCKDB, SqlTranslator, select_columns, subquery
from convcost.search.grid_blocks import RowBlock

KEEP = "keep"


class CandidateRows(NamedTuple):
    """The number of matching rows, and the rows that may be the best: points, and keys by objective."""

    matching: int
    points: Any
    keys: tuple[Any, ...]


class DesignQuery:
    """Finds the best candidates among the rows of one design."""

    def __init__(
        self,
        program: SweepProgram,
        translator: SqlTranslator,
        design: int,
        objectives: Sequence[Objective],
    ) -> None:
        self.design = design
        self.translator = translator
        self.keys = tuple(sort_key(program, design, objective) for objective in objectives)
        self.number = program.number
        self.point = self.number(program.point)
        values = (self.number(value) for key in self.keys for value in key.operands or key.parts)
        self.values = [*dict.fromkeys((self.point, *values))]
        conditions = program.row_conditions(design)
        names = [[f"v{self.number(value)}" for value in key.operands or key.parts] for key in self.keys]
        self.filter = BoundFilter(self.keys, names, f"v{self.point}")
        self.grid_query = GridQuery(program, translator, conditions, self.values)

    def run(self, connection: Connection, part: GridPart, bounds: Sequence[BoundRow]) -> CandidateRows:
        """The rows of a part of the grid that no bound dominates."""
        parameters = part.parameters | self.filter.parameters(bounds)
        table = query_table(connection, self.sql, parameters)
        rows = table["rows"].combine_chunks().flatten()
        point, *parts = (integer_array(rows.field(place)) for place in range(rows.type.num_fields))
        keys = []
        for key in self.keys:
            keys.append(key.combine(parts[: len(key.parts)]))
            parts = parts[len(key.parts) :]
        return CandidateRows(table["matching"][0].as_py(), point, tuple(keys))

    @cached_property
    def sql(self) -> str:
        """The query; its parameters are the part of the grid and the bounds."""
        columns = {number: f"v{number}" for number in self.values}
        wanted = dict(zip(columns.values(), self.grid_query.wanted, strict=True))
        values = subquery(self.translator.select(self.grid_query.query(), wanted))
        keep = exp.alias_(self.filter.tree, KEEP, copy=False)
        marked = subquery(select_columns([*map(exp.column, wanted), keep], values))
        fields = [_field(POINT, exp.column(columns[self.point]))]
        keys = [each for key in self.keys for each in self._parts(key, columns)]
        fields += [_field(f"k{place}", each) for place, each in enumerate(keys)]
        rows = exp.Anonymous(this="list", expressions=[exp.Struct(expressions=fields)])
        kept = exp.Filter(this=rows, expression=exp.Where(this=exp.column(KEEP)))
        matching = exp.alias_(exp.Count(this=exp.Star()), "matching")
        return DUCKDB.sql(select_columns([matching, exp.alias_(kept, "rows", copy=False)], marked))

    def _parts(self, key: SortKey, columns: dict[int, str]) -> list[exp.Expr]:
        """The parts of a key; the digits of a quotient are computed only for rows that are kept."""
        if not key.operands:
            return [exp.column(columns[self.number(part)]) for part in key.parts]
        pairs = zip(key.inputs, key.operands, strict=True)
        given = {self.number(place): columns[self.number(operand)] for place, operand in pairs}
        parts = [self.translator.expression(self.number(part), given) for part in key.parts]
        return [exp.Case().when(exp.column(KEEP), part, copy=False) for part in parts]


def _field(name: str, value: exp.Expr) -> exp.Expr:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)


class RowQuery:
    """Finds all rows of one design, with sizes and quantities."""

    def __init__(self, program: SweepProgram, translator: SqlTranslator, design: int) -> None:
        self.translator = translator
        self.columns = RowColumns(program, design)
        numbers = [*self.columns.numbers.values()]
        self.grid_query = GridQuery(program, translator, program.row_conditions(design), numbers)

    @cached_property
    def sql(self) -> str:
        """The query for all rows of a part of the grid."""
        wanted = dict(zip(self.columns.numbers, self.grid_query.wanted, strict=True))
        return DUCKDB.sql(self.translator.select(self.grid_query.query(), wanted))

    def run(self, connection: Connection, part: GridPart) -> RowBlock:
        """The rows of a part, in the order of the grid."""
        block = self.columns.block(query_table(connection, self.sql, part.parameters))
        is_in_order = (np.diff(block.points) > 0).all()
        return block if is_in_order else block.where(np.argsort(block.points))


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
