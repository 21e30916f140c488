"""Spark's queries on a part of a sweep's grid: which designs may be the best, how many match, all rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from convcost.core.sweep import Objective
from convcost.search.bound_rows import BoundRow
from convcost.search.engines.row_columns import POINT, RowColumns
from convcost.search.engines.rule_counts import RuleCounts
from convcost.search.engines.sort_keys import NO_NUMBER, SortKey, sort_key
from convcost.search.engines.spark.sql import SparkTranslator
from convcost.search.engines.sweep_program import HEAD, SweepProgram
from convcost.search.graph.sql import SPARK, SqlRelation

SMALLEST_PART = 2**24
"""Points of a part of the grid: to plan a query takes some tenths of a second."""

MOST_PARTS = 64

COUNT = "number"


def grid_parts(points: int, smallest: int = SMALLEST_PART, most: int = MOST_PARTS) -> list[range]:
    """The points of a grid in parts, which are evaluated one after the other."""
    step = max(smallest, -(-points // most))
    return [range(start, min(start + step, points)) for start in range(0, points, step)]


class SparkGrid:
    """A sweep's points in Spark, which its workers count up themselves."""

    def __init__(self, program: SweepProgram, translator: SparkTranslator) -> None:
        self.program = program
        self.translator = translator
        operations = enumerate(program.graph.operations)
        self.inputs = [number for number, each in operations if each.value == HEAD]

    def points(self, part: range, partitions: int) -> SqlRelation:
        """The points of a part of the grid."""
        bounds = (part.start, part.stop, part.step, partitions)
        table = exp.Table(this=exp.Anonymous(this="range", expressions=[*map(exp.convert, bounds)]))
        relation = exp.select(exp.alias_(exp.column("id"), "place")).from_(table).subquery("t")
        return SqlRelation(relation, dict.fromkeys(self.inputs, "place"))

    def rows(self, part: range, partitions: int, design: int, wanted: Iterable[int]) -> SqlRelation:
        """The points at which the design is possible and fulfils the condition, with what is `wanted`."""
        conditions = self.program.row_conditions(design)
        return self.translator.where(self.points(part, partitions), conditions, wanted)


class SortKeyColumns:
    """The columns of a sort key: by these in order, the smallest first, rows are sorted as by the key."""

    def __init__(self, key: SortKey, name: str) -> None:
        self.key = key
        self.names = [f"{name}_{place}" for place in range(len(key.parts))]
        self._signs = [1, *[key.sign] * (len(key.parts) - 1)]

    @property
    def parts(self) -> list[Any]:
        """What is in each column: digits are negative where the largest quotient is the first."""
        return [sign * part for sign, part in zip(self._signs, self.key.parts, strict=True)]

    def combine(self, columns: Sequence[Any]) -> Any:
        """The keys of rows, of which there is an array for each column."""
        return self.key.combine([sign * each for sign, each in zip(self._signs, columns, strict=True)])

    def split(self, combined: int) -> list[int]:
        """What the columns have where the key is `combined`."""
        key = self.key
        if not key.operands:
            return [combined]
        if combined > NO_NUMBER // 2:
            return [1, *[0] * (len(key.parts) - 1)]
        value, digits = key.sign * combined, []
        for _ in key.parts[2:]:
            digits.append(value % 2**key.digit_bits)
            value >>= key.digit_bits
        return [0, *(key.sign * part for part in (value, *reversed(digits)))]


class SparkDesignQuery:
    """Finds the rows of one design that may be among the best."""

    def __init__(self, source: SparkGrid, design: int, objectives: Sequence[Objective]) -> None:
        self.source = source
        self.design = design
        keys = (sort_key(source.program, design, objective) for objective in objectives)
        self.keys = [SortKeyColumns(key, f"k{place}") for place, key in enumerate(keys)]
        self.names = [name for key in self.keys for name in key.names]

    def count(self, part: range, partitions: int) -> str:
        """How many rows there are."""
        query = self.source.rows(part, partitions, self.design, ())
        number = exp.alias_(exp.Count(this=exp.Star()), COUNT)
        return SPARK.sql(exp.select(number).from_(query.tree))

    def first(self, part: range, partitions: int, number: int, bounds: Sequence[BoundRow]) -> str:
        """The best `number` rows, of which the first objective alone decides."""
        tree = exp.select("*").from_(self._keyed(part, partitions)).where(*self._bounds(bounds))
        return SPARK.sql(tree.order_by(*self.keys[0].names, POINT).limit(number))

    def not_dominated(self, part: range, partitions: int, bounds: Sequence[BoundRow]) -> str:
        """The rows that none of the bounds dominates: of those that are equal in all objectives the first."""
        first = exp.alias_(exp.Min(this=exp.column(POINT)), POINT)
        tree = exp.select(first, *self.names).from_(self._keyed(part, partitions))
        return SPARK.sql(tree.where(*self._bounds(bounds)).group_by(*self.names))

    def _keyed(self, part: range, partitions: int) -> exp.Expr:
        """Each row's point, and the parts of its keys."""
        source, number = self.source, self.source.program.number
        keys = [each.key for each in self.keys]
        operands = [number(value) for key in keys for value in key.operands or key.parts]
        point = number(source.program.point)
        columns = {each: f"v{each}" for each in (point, *operands)}
        query = source.rows(part, partitions, self.design, columns)
        tree = source.translator.select(query, {name: each for each, name in columns.items()})
        known = dict(columns)
        for key in keys:
            pairs = zip(key.inputs, key.operands, strict=True)
            known |= {number(place): columns[number(operand)] for place, operand in pairs}
        parts = [number(part) for key in self.keys for part in key.parts]
        wanted = {POINT: point, **dict(zip(self.names, parts, strict=True))}
        return source.translator.select(SqlRelation(tree.subquery("t"), known), wanted).subquery("t")

    def _bounds(self, bounds: Sequence[BoundRow]) -> Iterator[exp.Expr]:
        """What holds of a row that no bound dominates: it is better in something, or equal and earlier."""
        for bound in bounds:
            pairs = [*zip(self.keys, bound.keys, strict=True)]
            limits = [limit for key, combined in pairs for limit in key.split(combined)]
            better = (_is_before(key.names, key.split(combined)) for key, combined in pairs)
            equal = (
                exp.EQ(this=exp.column(name), expression=exp.convert(limit))
                for name, limit in zip(self.names, limits, strict=True)
            )
            earlier = exp.LTE(this=exp.column(POINT), expression=exp.convert(bound.point))
            yield exp.paren(exp.or_(*better, exp.and_(*equal, earlier)))


def _is_before(names: Sequence[str], values: Sequence[int]) -> exp.Expr:
    """Whether columns are before `values` in the order of tuples."""
    column, value = exp.column(names[0]), exp.convert(values[0])
    less: exp.Expr = exp.LT(this=column, expression=value)
    if not names[1:]:
        return less
    equal = exp.EQ(this=column.copy(), expression=value.copy())
    return exp.paren(exp.or_(less, exp.and_(equal, _is_before(names[1:], values[1:]))))


class SparkImpossibleCounts:
    """Counts impossible designs by reason, on the axes that it depends on."""

    def __init__(self, program: SweepProgram) -> None:
        self.counts = RuleCounts(program, lambda grid: 0)
        reduced = self.counts.program
        self.source = SparkGrid(reduced, SparkTranslator(reduced.graph, reduced.largest_sizes))

    @property
    def parts(self) -> list[range]:
        """The parts of the points to count on; none if nothing can be impossible."""
        return grid_parts(self.counts.program.plan.grid.points) if self.counts.groups else []

    def sql(self, part: range, partitions: int) -> str:
        """Which rule fails first in each group at points of the grid, and how often."""
        names = {f"f{place}": number for place, number in enumerate(self.counts.failures)}
        points = self.source.points(part, partitions)
        failures = self.source.translator.select(points, names).subquery("t")
        number = exp.alias_(exp.Count(this=exp.Star()), COUNT)
        return SPARK.sql(exp.select(*names, number).from_(failures).group_by(*names))


class SparkRowQuery:
    """Finds all rows of one design, with sizes and quantities."""

    def __init__(self, source: SparkGrid, design: int) -> None:
        self.source = source
        self.columns = RowColumns(source.program, design)

    def sql(self, part: range, partitions: int) -> str:
        """The query on a part of the grid."""
        numbers = self.columns.numbers
        query = self.source.rows(part, partitions, self.columns.design, [*numbers.values()])
        return SPARK.sql(self.source.translator.select(query, numbers))
