"""The query of a design on a part of the grid, for DuckDB: how many rows match, and which may be the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from convcost.core.sweep import Objective
from convcost.search.bounds import BoundRow
from convcost.search.engines.duckdb_database import Connection, arrow_table, integer_array
from convcost.search.graph_numbers import bounds_of, operation_number
from convcost.search.grid_queries import GridPart, GridQuery
from convcost.search.sort_keys import NO_NUMBER, SortKey, sort_key
from convcost.search.sql import DUCKDB, LARGEST, SqlTranslator
from convcost.search.sweep_program import SweepProgram

SCALE_BITS = 20
"""A quotient is compared with a bound in units of 2^-20, before it is compared exactly."""

POINT, KEEP = "point", "keep"


class Candidates(NamedTuple):
    """The number of rows that match, and those that may be the best: points, and keys by objective."""

    matching: int
    points: Any
    keys: tuple[Any, ...]


class DesignQuery:
    """Finds the rows of one design."""

    def __init__(
        self,
        program: SweepProgram,
        translator: SqlTranslator,
        design: int,
        objectives: Sequence[Objective],
    ) -> None:
        graph = program.graph
        self.design = design
        self.translator = translator
        self.keys = tuple(sort_key(program, design, objective) for objective in objectives)
        self.number: Callable[[Any], int] = lambda value: operation_number(graph, value)
        values = [self.number(value) for key in self.keys for value in key.operands or key.parts]
        self.point = self.number(program.point)
        conditions = [self.number(program.possible(design)), self.number(program.condition(design))]
        self.grid_query = GridQuery(program, translator, conditions, [self.point, *values])

    def run(self, connection: Connection, sql: str) -> Candidates:
        """What the query gives, whose text `sql` is what it was made into."""
        table = arrow_table(connection, sql)
        rows = table["rows"].combine_chunks().flatten()
        columns = [integer_array(rows.field(number)) for number in range(rows.type.num_fields)]
        point, *parts = columns
        keys = []
        for key in self.keys:
            keys.append(key.combine(parts[: len(key.parts)]))
            parts = parts[len(key.parts) :]
        return Candidates(table["matching"][0].as_py(), point, tuple(keys))

    def sql(self, part: GridPart, bounds: Sequence[BoundRow]) -> str:
        """The query on a part of the grid, without rows that are outdone by the bounds."""
        query = self.grid_query.query(part)
        columns = {number: f"v{number}" for number in dict.fromkeys(self.grid_query.wanted)}
        wanted = {name: number for number, name in columns.items()}
        values = self.translator.select(query, wanted).subquery("t")
        keep = exp.alias_(self._keep(columns, bounds), KEEP)
        marked = exp.select(*map(exp.column, wanted), keep).from_(values).subquery("t")
        fields = [_field(POINT, exp.column(columns[self.point]))]
        keys = [each for key in self.keys for each in self._parts(key, columns)]
        fields += [_field(f"k{place}", each) for place, each in enumerate(keys)]
        rows = exp.Anonymous(this="list", expressions=[exp.Struct(expressions=fields)])
        kept = exp.Filter(this=rows, expression=exp.Where(this=exp.column(KEEP)))
        matching = exp.alias_(exp.Count(this=exp.Star()), "matching")
        return DUCKDB.sql(exp.select(matching, exp.alias_(kept, "rows")).from_(marked))

    def _parts(self, key: SortKey, columns: dict[int, str]) -> list[exp.Expr]:
        """The parts of a key; the digits of a quotient are computed for the rows that are kept alone."""
        if not key.operands:
            return [exp.column(columns[self.number(part)]) for part in key.parts]
        pairs = zip(key.inputs, key.operands, strict=True)
        given = {self.number(place): columns[self.number(operand)] for place, operand in pairs}
        parts = [self.translator.expression(self.number(part), given) for part in key.parts]
        return [exp.Case().when(exp.column(KEEP), part) for part in parts]

    def _keep(self, columns: dict[int, str], bounds: Sequence[BoundRow]) -> exp.Expr:
        """Whether none of the bounds outdoes the row; the first ones decide on most rows."""
        found, point = exp.Case(), exp.column(columns[self.point])
        for bound in bounds:
            tests = [
                self._compare(key, limit, columns) for key, limit in zip(self.keys, bound.keys, strict=True)
            ]
            is_worse = exp.or_(
                *(test.worse for test in tests), exp.GT(this=point, expression=_number(bound.point))
            )
            found = found.when(exp.and_(*(test.not_better for test in tests), is_worse), exp.false())
        return found.else_(exp.true()) if bounds else exp.true()

    def _compare(self, key: SortKey, limit: int, columns: dict[int, str]) -> _Comparison:
        values = [exp.column(columns[self.number(value)]) for value in key.operands or key.parts]
        if not key.operands:
            [value], bound = values, _number(limit)
            return _Comparison(
                exp.GTE(this=value, expression=bound), exp.GT(this=value.copy(), expression=bound)
            )
        return _compare_quotient(key, limit, values)


class _Comparison(NamedTuple):
    """Whether a row is surely not better than a bound in an objective, and whether it is surely worse."""

    not_better: exp.Expr
    worse: exp.Expr


def _compare_quotient(key: SortKey, limit: int, values: Sequence[exp.Expr]) -> _Comparison:
    numerator, denominator = (exp.cast(value, DUCKDB.wide, dialect=DUCKDB.name) for value in values)
    has_none = exp.EQ(this=values[1].copy(), expression=_number(0))
    if limit > NO_NUMBER // 2:
        return _Comparison(has_none, exp.false())
    shift = max(0, key.fraction_bits - SCALE_BITS)
    scale, scaled = 2 ** (key.fraction_bits - shift), (key.sign * limit) >> shift
    if key.sign > 0:
        scaled += 1
    most, most_below = (bounds_of(operand)[1] for operand in key.operands)
    if max(most * scale, most_below * scaled) > LARGEST:
        return _Comparison(exp.false(), exp.false())
    above = exp.Mul(this=numerator, expression=_number(scale))
    below = exp.Mul(this=denominator, expression=_number(scaled))
    relation = exp.GTE if key.sign > 0 else exp.LT
    worse: exp.Expr = exp.or_(has_none, relation(this=above, expression=below))
    return _Comparison(worse, worse.copy())


def _number(value: int) -> exp.Expr:
    return exp.convert(value)


def _field(name: str, value: exp.Expr) -> exp.Expr:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)
