"""Translates an expression graph to SQL, as SQLGlot syntax trees for DuckDB and Spark.

No SQL is built from strings: constants are literals of the tree, and columns have generated names. Shared
expressions are columns of a subquery; types follow from the bounds of each number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlglot import exp

from convcost.search.graph.expression_graph import (
    BOOLEAN_KINDS,
    EngineLimitError,
    ExpressionGraph,
    GraphOperation,
    OperationKind,
)

LARGEST = 10**38 - 1
"""The largest number of the widest type, DECIMAL(38, 0); DuckDB's HUGEINT has a little more."""

DEEPEST = 40
"""The deepest nesting of operations; deeper ones are put into a subquery."""


@dataclass(frozen=True)
class SqlDialect:
    """A database's SQL: its name in SQLGlot, and its types for integers of 64 bits and of 38 digits."""

    name: str
    narrow: str
    wide: str

    def sql(self, tree: exp.Expr) -> str:
        """The text of the tree."""
        return tree.sql(dialect=self.name, identify=True)


DUCKDB = SqlDialect("duckdb", "BIGINT", "HUGEINT")
SPARK = SqlDialect("spark", "BIGINT", "DECIMAL(38, 0)")

BINARY: Mapping[OperationKind, type[exp.Binary]] = {
    OperationKind.ADD: exp.Add,
    OperationKind.SUBTRACT: exp.Sub,
    OperationKind.MULTIPLY: exp.Mul,
    OperationKind.DIVIDE: exp.IntDiv,
    OperationKind.MODULO: exp.Mod,
    OperationKind.LESS: exp.LT,
    OperationKind.EQUAL: exp.EQ,
    OperationKind.AND: exp.And,
    OperationKind.OR: exp.Or,
}


class SqlRelation(NamedTuple):
    """A table or a subquery, and its columns by the number of the operation."""

    tree: exp.Expr
    columns: Mapping[int, str]


class SqlTranslator:
    """Makes queries of a graph's operations; EngineLimitError for a number that may exceed `LARGEST`.

    `sizes` are the largest values of the graph's inputs, for the error's message.
    """

    def __init__(
        self, graph: ExpressionGraph, dialect: SqlDialect, sizes: Mapping[str, int] | None = None
    ) -> None:
        self.graph = graph
        self.dialect = dialect
        self.sizes = sizes or {}

    def select(self, relation: SqlRelation, wanted: Mapping[str, int]) -> exp.Select:
        """A query with the `wanted` operations as columns of these names."""
        relation = self.with_shared(relation, wanted.values())
        columns = [self._alias(number, name, relation.columns) for name, number in wanted.items()]
        return select_columns(columns, relation.tree)

    def where(self, relation: SqlRelation, conditions: Iterable[int], later: Iterable[int]) -> SqlRelation:
        """The rows where all `conditions` hold, with the columns that `later` operations need.

        Expressions that both need are computed again, only for the remaining rows: a database evaluates a
        condition only where the previous ones hold.
        """
        parts = [part for each in conditions for part in self.graph.conjuncts(each)]
        if not parts:
            return relation
        later = [*later]
        relation = self.with_shared(relation, parts, self._used_columns(relation.columns, later))
        kept = self._used_columns(relation.columns, later)
        columns: list[exp.Expr] = [exp.column(name) for name in kept.values()]
        tests = [self.expression(part, relation.columns) for part in parts]
        found = select_columns(columns, relation.tree).where(*tests, copy=False)
        return SqlRelation(subquery(found), kept)

    def with_shared(
        self, relation: SqlRelation, wanted: Iterable[int], keep: Collection[int] = ()
    ) -> SqlRelation:
        """The relation with columns, in subqueries, for expressions that `wanted` operations share.

        Columns that are no longer needed are left out, unless they are among `keep`.
        """
        wanted = [*wanted]
        for layer in self._layers(relation.columns, wanted):
            new = {number: f"n{number}" for number in layer}
            used = self._used_columns({**relation.columns, **new}, [*wanted, *layer])
            columns = {
                **{number: name for number, name in relation.columns.items() if number in {*used, *keep}},
                **new,
            }
            selected = [
                self._alias(number, name, relation.columns) if number in new else exp.column(name)
                for number, name in columns.items()
            ]
            relation = SqlRelation(subquery(select_columns(selected, relation.tree)), columns)
        return relation

    def _used_columns(self, columns: Mapping[int, str], wanted: Iterable[int]) -> dict[int, str]:
        """The columns that `wanted` operations are computed from."""
        needed = self.graph.needed(wanted, columns)
        used = {operand for number in needed for operand in self.graph[number].operands} | {*wanted}
        return {number: name for number, name in columns.items() if number in used}

    def _layers(self, known: Mapping[int, str], wanted: Sequence[int]) -> list[list[int]]:
        """The operations to make columns, by subquery: each subquery needs only those before it."""
        uses: Counter[int] = Counter({*wanted})
        for number in self.graph.needed(wanted, known):
            uses.update({*self.graph[number].operands})
        levels: dict[int, int] = {}
        depths: dict[int, int] = {}
        layers: list[list[int]] = []
        for number in self.graph.needed(wanted, known):
            operation = self.graph[number]
            level = max((levels.get(operand, 0) for operand in operation.operands), default=0)
            depth = 1 + max((depths.get(operand, 0) for operand in operation.operands), default=0)
            if operation.kind is not OperationKind.CONSTANT and (uses[number] > 1 or depth > DEEPEST):
                layers += [[]] * (level + 1 - len(layers))
                layers[level] = [*layers[level], number]
                level, depth = level + 1, 0
            levels[number], depths[number] = level, depth
        return layers

    def _alias(self, number: int, name: str, columns: Mapping[int, str]) -> exp.Expr:
        expression = self.expression(number, columns)
        if self.graph[number].kind is OperationKind.CONSTANT:
            expression = self._cast(expression, self.is_wide(number))
        return exp.alias_(expression, name, copy=False)

    def expression(self, number: int, columns: Mapping[int, str]) -> exp.Expr:
        """The operation on these columns."""
        if number in columns:
            return exp.column(columns[number])
        operation = self.graph[number]
        if operation.kind is OperationKind.CONSTANT:
            self.is_wide(number)
            return _literal(int(operation.value))
        operands = [self.expression(operand, columns) for operand in operation.operands]
        if operation.kind in BOOLEAN_KINDS:
            return _operation(operation.kind, operands)
        return self._numeric(number, operation, operands)

    def _numeric(self, number: int, operation: GraphOperation, operands: list[exp.Expr]) -> exp.Expr:
        """The operation in a type that fits its operands and its result."""
        is_wide = self.is_wide(number)
        numbers = operation.operands[1:] if operation.kind is OperationKind.CHOOSE else operation.operands
        needs_wide = is_wide or any(self.is_wide(operand) for operand in numbers)
        has_own_type = operation.kind in {OperationKind.CHOOSE, OperationKind.SMALLER, OperationKind.LARGER}
        for place, operand in enumerate(numbers, len(operands) - len(numbers)):
            is_constant = self.graph[operand].kind is OperationKind.CONSTANT
            if (needs_wide and not self.is_wide(operand)) or (has_own_type and is_constant):
                operands[place] = self._cast(operands[place], needs_wide)
        found = self._operation(operation.kind, operands, needs_wide)
        return self._cast(found, is_wide=False) if needs_wide and not is_wide else found

    def _operation(self, kind: OperationKind, operands: list[exp.Expr], is_wide: bool) -> exp.Expr:
        """An operation on numbers, in the narrow or the wide type."""
        return _operation(kind, operands)

    def is_wide(self, number: int) -> bool:
        """Whether the operation's result needs the wide type."""
        low, high = self.graph[number].low, self.graph[number].high
        most = max(-low, high)
        if most > LARGEST:
            raise self._too_large(self.graph[number].inputs)
        return most >= 2**63

    def _too_large(self, inputs: frozenset[str]) -> EngineLimitError:
        known = {name: self.sizes[name] for name in sorted(inputs & self.sizes.keys())}
        largest = max(known, key=lambda name: known[name], default="")
        where = f" with {largest} up to {known[largest]:,}" if largest else ""
        narrower = f"Narrow the range of {largest}, or use" if largest else "Use"
        message = f"numbers can exceed 10^38{where}: too large for a database"
        return EngineLimitError(message, hint=f"{narrower} the engine numpy.")

    def _cast(self, expression: exp.Expr, is_wide: bool) -> exp.Expr:
        kind = self.dialect.wide if is_wide else self.dialect.narrow
        return exp.cast(expression, kind, copy=False, dialect=self.dialect.name)


def select_columns(columns: Sequence[exp.Expr], source: exp.Expr) -> exp.Select:
    """A query for columns of a table or a subquery. Trees are built without copying their parts."""
    found = exp.select(*(columns or [exp.Literal.number(1)]), copy=False)
    return found.from_(source, copy=False)


def subquery(tree: exp.Select, alias: str = "t") -> exp.Subquery:
    """The query as a subquery."""
    return tree.subquery(alias, copy=False)


def _parenthesize(tree: exp.Expr) -> exp.Expr:
    return exp.paren(tree, copy=False) if isinstance(tree, exp.Binary) else tree


def _literal(value: int) -> exp.Expr:
    literal = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def _operation(kind: OperationKind, operands: list[exp.Expr]) -> exp.Expr:
    if kind in BINARY:
        left, right = (_parenthesize(each) for each in operands)
        tree: exp.Expr = BINARY[kind](this=left, expression=right)
        return tree
    first, *others = operands
    match kind:
        case OperationKind.NOT:
            return exp.Not(this=exp.paren(first, copy=False))
        case OperationKind.ABSOLUTE:
            return exp.Abs(this=first)
        case OperationKind.SMALLER:
            return exp.Least(this=first, expressions=others)
        case OperationKind.LARGER:
            return exp.Greatest(this=first, expressions=others)
        case OperationKind.CHOOSE:
            return exp.Case().when(first, others[0], copy=False).else_(others[1], copy=False)
    raise TypeError(f"no SQL for {kind}")
