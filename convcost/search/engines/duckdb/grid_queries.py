"""Queries of a sweep on parts of its grid, for DuckDB: heads × tails of points.

Expressions and filters that depend only on the head or only on the tail are computed before the join, once
for many points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import NamedTuple

from sqlglot import exp

from convcost.search.bound_rows import spread_points
from convcost.search.engines.sweep_program import HEAD, TAIL, SweepProgram
from convcost.search.graph.expression_graph import OperationKind
from convcost.search.graph.regrouping import regroup
from convcost.search.graph.sql import SqlRelation, SqlTranslator, select_columns, subquery
from convcost.search.grid import Grid

FEWEST_TAILS = 2**14
"""The minimum number of tails: DuckDB computes on vectors of 2^11 rows, and each head's last is not full."""

MOST_TAILS = 2**18

POINTS_AT_FIRST = 2**22
"""The number of points in the first part, which takes about 100 ms and gives bounds for the next parts."""

POINTS_AT_ONCE = 2**24
"""The most points of a part: progress is shown between parts."""


class GridPart(NamedTuple):
    """A part of the grid: every head with every tail."""

    heads: range
    tails: range

    def __len__(self) -> int:
        return len(self.heads) * len(self.tails)

    @property
    def parameters(self) -> dict[str, int]:
        """The query parameters for the part's ranges."""
        ranges = ((HEAD, self.heads), (TAIL, self.tails))
        return {
            name: bound
            for of, rows in ranges
            for name, bound in zip(_parameters(of), (rows.start, rows.stop, rows.step), strict=True)
        }


def tail_axes(grid: Grid) -> int:
    """The number of last axes in the tail: as few as have enough combinations."""
    for number in range(1, len(grid.axes)):
        if prod(grid.lengths[-number:]) >= FEWEST_TAILS:
            return number
    return len(grid.axes)


def grid_parts(
    grid: Grid, axes: int, first: int = POINTS_AT_FIRST, most: int = POINTS_AT_ONCE
) -> Iterator[GridPart]:
    """The grid in parts of `first` points, growing up to `most`; the tail is the last `axes`."""
    heads, tails = prod(grid.lengths[: len(grid.axes) - axes]), prod(grid.lengths[len(grid.axes) - axes :])
    length = min(tails, MOST_TAILS, first)
    head, step = 0, max(1, first // length)
    while head < heads:
        for tail in range(0, tails, length):
            yield GridPart(range(head, min(head + step, heads)), range(tail, min(tail + length, tails)))
        head += step
        step = min(2 * step, max(1, most // length))


def sample_part(grid: Grid, axes: int, number: int) -> GridPart:
    """A sample of about `number` points, with every value of every axis."""
    heads, tails = prod(grid.lengths[: len(grid.axes) - axes]), prod(grid.lengths[len(grid.axes) - axes :])
    of_heads = spread_points(heads, max(round(number**0.5), number // tails))
    return GridPart(of_heads, spread_points(tails, max(1, number // len(of_heads))))


def _parameters(name: str) -> tuple[str, str, str]:
    """The names of the query parameters for start, stop and step of the heads or tails."""
    of = name.removeprefix("#")
    return f"{of}_start", f"{of}_stop", f"{of}_step"


class GridQuery:
    """A query for the `wanted` operations where all `conditions` hold, on any part of the grid.

    The part is given by query parameters.
    """

    def __init__(
        self,
        program: SweepProgram,
        translator: SqlTranslator,
        conditions: Iterable[int],
        wanted: Sequence[int],
    ) -> None:
        self.graph = program.graph
        self.translator = translator
        axes = tail_axes(program.plan.grid)
        names = [axis.name for axis in program.plan.grid.axes]
        self.tail_names = {TAIL, *names[len(names) - axes :]}
        self.head_names = {HEAD, *names[: len(names) - axes]}
        conditions = [*conditions]
        regrouped = regroup(self.graph, [*conditions, *wanted], self._side)
        conditions, self.wanted = regrouped[: len(conditions)], tuple(regrouped[len(conditions) :])
        parts = [part for each in conditions for part in self.graph.conjuncts(each)]
        parts = [part for part in parts if not self._always_holds(part)]
        self.tail_conditions = [part for part in parts if self._is_of(part, self.tail_names)]
        self.head_conditions = [part for part in parts if self._is_of(part, self.head_names)]
        one_sided = {*self.tail_conditions, *self.head_conditions}
        self.conditions = [part for part in parts if part not in one_sided]

    def _side(self, number: int) -> str:
        """The head or the tail, if an operation depends only on one of them; else ""."""
        names = {HEAD: self.head_names, TAIL: self.tail_names}
        return next((side for side in names if self._is_of(number, names[side])), "")

    def _always_holds(self, number: int) -> bool:
        return self.graph[number].low == 1

    def _is_of(self, number: int, names: set[str]) -> bool:
        """Whether an operation depends only on `names`, and on at least one of them."""
        return bool(self.graph[number].inputs) and self.graph[number].inputs <= names

    def query(self) -> SqlRelation:
        """The rows of a part of the grid."""
        outer = [*self.wanted, *self.conditions]
        relations: list[exp.Subquery] = []
        columns: dict[int, str] = {}
        for name, names, conditions in (
            (HEAD, self.head_names, self.head_conditions),
            (TAIL, self.tail_names, self.tail_conditions),
        ):
            inner = self._boundary(outer, names)
            query = self.translator.where(self._range(name), conditions, inner)
            alias = name.removeprefix("#")
            selected = {f"n{number}": number for number in inner}
            relations.append(subquery(self.translator.select(query, selected), alias))
            columns |= {number: column for column, number in selected.items()}
        first, second = relations
        both = select_columns([*map(exp.column, columns.values())], first)
        joined = subquery(both.join(second, join_type="cross", copy=False))
        return self.translator.where(SqlRelation(joined, columns), self.conditions, self.wanted)

    def _boundary(self, outer: Sequence[int], names: set[str]) -> list[int]:
        """The operations that depend only on `names`, and are needed by others."""
        needed = self.graph.needed(outer)
        used = {
            operand
            for number in needed
            if not self._is_of(number, names)
            for operand in self.graph[number].operands
        }
        return [number for number in needed if self._is_of(number, names) and number in {*used, *outer}]

    def _range(self, name: str) -> SqlRelation:
        """A relation with a row for each head, or for each tail."""
        bounds = [exp.Placeholder(this=parameter) for parameter in _parameters(name)]
        table = exp.Table(this=exp.Anonymous(this="range", expressions=bounds))
        relation = subquery(select_columns([exp.alias_(exp.column("range"), "place")], table))
        inputs = [
            number
            for number, each in enumerate(self.graph.operations)
            if each.kind is OperationKind.INPUT and each.value == name
        ]
        return SqlRelation(relation, dict.fromkeys(inputs, "place"))
