"""Queries of a sweep on parts of its grid, for DuckDB: heads × tails of points.

What depends on the head or on the tail alone is computed, and filtered, before both are joined: once for many
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

from sqlglot import exp

from convcost.search.expression_graph import Kind
from convcost.search.grid import Grid
from convcost.search.sql import Query, SqlTranslator
from convcost.search.sweep_program import HEAD, TAIL, SweepProgram

FEWEST_TAILS = 2**14
"""DuckDB computes on vectors of 2^11 rows: the last one of each head is not full."""

MOST_TAILS = 2**18

POINTS_AT_ONCE = 2**22
"""Points of a part: a query that takes some 100 ms, after which the front found so far filters the next."""


class GridPart(NamedTuple):
    """Points of the grid: every head with every tail."""

    heads: range
    tails: range

    def __len__(self) -> int:
        return len(self.heads) * len(self.tails)


def tail_axes(grid: Grid) -> int:
    """How many of the last axes make up the tail: as few as have enough combinations."""
    for number in range(1, len(grid.axes)):
        if prod(grid.lengths[-number:]) >= FEWEST_TAILS:
            return number
    return len(grid.axes)


def grid_parts(grid: Grid, axes: int, most: int = POINTS_AT_ONCE) -> Iterator[GridPart]:
    """The grid in parts of `most` points, whose tail is the last `axes`."""
    heads, tails = prod(grid.lengths[: len(grid.axes) - axes]), prod(grid.lengths[len(grid.axes) - axes :])
    length = min(tails, MOST_TAILS, most)
    step = max(1, most // length)
    for head in range(0, heads, step):
        for tail in range(0, tails, length):
            yield GridPart(range(head, min(head + step, heads)), range(tail, min(tail + length, tails)))


def sample_part(grid: Grid, axes: int, number: int) -> GridPart:
    """About `number` points all over the grid."""
    heads, tails = prod(grid.lengths[: len(grid.axes) - axes]), prod(grid.lengths[len(grid.axes) - axes :])
    most_heads = max(1, round(number**0.5), number // tails)
    head_step = -(-heads // most_heads)
    tail_step = max(1, tails * -(-heads // head_step) // number)
    return GridPart(range(0, heads, head_step), range(0, tails, tail_step))


class GridQuery:
    """The `wanted` operations of a sweep where all `conditions` hold, on any part of its grid."""

    def __init__(
        self,
        program: SweepProgram,
        translator: SqlTranslator,
        conditions: Iterable[int],
        wanted: Sequence[int],
    ) -> None:
        self.graph = program.graph
        self.translator = translator
        self.wanted = tuple(wanted)
        axes = tail_axes(program.plan.grid)
        names = [axis.name for axis in program.plan.grid.axes]
        self.tail_names = {TAIL, *names[len(names) - axes :]}
        self.head_names = {HEAD, *names[: len(names) - axes]}
        parts = [part for each in conditions for part in self.graph.conjuncts(each)]
        self.tail_conditions = [part for part in parts if self._is_of(part, self.tail_names)]
        self.head_conditions = [part for part in parts if self._is_of(part, self.head_names)]
        alone = {*self.tail_conditions, *self.head_conditions}
        self.conditions = [part for part in parts if part not in alone]

    def _is_of(self, number: int, names: set[str]) -> bool:
        """Whether it depends on the head, or the tail, alone."""
        return bool(self.graph[number].inputs) and self.graph[number].inputs <= names

    def query(self, part: GridPart) -> Query:
        """The rows of that part of the grid."""
        outer = [*self.wanted, *self.conditions]
        relations: list[exp.Subquery] = []
        columns: dict[int, str] = {}
        for name, names, rows, conditions in (
            (HEAD, self.head_names, part.heads, self.head_conditions),
            (TAIL, self.tail_names, part.tails, self.tail_conditions),
        ):
            inner = self._boundary(outer, names)
            query = self.translator.where(self._range(name, rows), conditions, inner)
            alias = name.removeprefix("#")
            selected = {f"n{number}": number for number in inner}
            relations.append(self.translator.select(query, selected).subquery(alias))
            columns |= {number: column for column, number in selected.items()}
        first, second = relations
        both = exp.select(*map(exp.column, columns.values())) if columns else exp.select("1")
        joined = both.from_(first).join(second, join_type="cross").subquery("t")
        return self.translator.where(Query(joined, columns), self.conditions, self.wanted)

    def _boundary(self, outer: Sequence[int], names: set[str]) -> list[int]:
        """What is computed of `names` alone, and needed for what is not."""
        needed = self.graph.needed(outer)
        used = {
            operand
            for number in needed
            if not self._is_of(number, names)
            for operand in self.graph[number].operands
        }
        return [number for number in needed if self._is_of(number, names) and number in {*used, *outer}]

    def _range(self, name: str, rows: range) -> Query:
        """A relation with a row for each head, or for each tail."""
        bounds = [exp.Literal.number(bound) for bound in (rows.start, rows.stop, rows.step)]
        table = exp.Table(this=exp.Anonymous(this="range", expressions=bounds))
        relation = exp.select(exp.alias_(exp.column("range"), "place")).from_(table).subquery("t")
        inputs = [
            number
            for number, each in enumerate(self.graph.operations)
            if each.kind is Kind.INPUT and each.value == name
        ]
        return Query(relation, dict.fromkeys(inputs, "place"))
