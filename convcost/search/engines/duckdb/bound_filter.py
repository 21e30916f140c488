"""A condition for DuckDB that a row may be among the best: no bound dominates it.

The row's columns are compared with limits, which are parameters of the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from sqlglot import exp

from convcost.search.bound_rows import MOST_BOUNDS, BoundRow
from convcost.search.engines.sort_keys import NO_NUMBER, SortKey
from convcost.search.graph.graph_results import bounds_of
from convcost.search.graph.sql import DUCKDB, LARGEST

Parameters: TypeAlias = dict[str, int | bool]

SCALE_BITS = 20
"""Quotients are compared in units of 2^-20, or larger ones: rows that may be better are kept."""


class BoundFilter:
    """Compares a row with one bound after another; the first ones decide for most rows.

    The bounds are query parameters. `columns` are a row's columns for each key, `point` that of its point.
    """

    def __init__(self, keys: Sequence[SortKey], columns: Sequence[Sequence[str]], point: str) -> None:
        self.keys = keys
        self.columns = columns
        self.point = point

    @property
    def tree(self) -> exp.Expr:
        """An expression that is true if no bound dominates the row."""
        found = exp.Case()
        for bound in range(MOST_BOUNDS):
            tests = [
                _compare(key, f"{bound}_{place}", columns)
                for place, (key, columns) in enumerate(zip(self.keys, self.columns, strict=True))
            ]
            is_worse = exp.or_(*(test.worse for test in tests), _is_later(self.point, bound), copy=False)
            is_used = exp.Placeholder(this=f"used{bound}")
            is_dominated = exp.and_(is_used, *(test.not_better for test in tests), is_worse, copy=False)
            found.when(is_dominated, exp.false(), copy=False)
        return found.else_(exp.true(), copy=False)

    def parameters(self, bounds: Sequence[BoundRow]) -> Parameters:
        """The query parameters for the bounds; only the first ones if there are too many."""
        unused = BoundRow((0,) * len(self.keys), 0)
        found: Parameters = {}
        for number in range(MOST_BOUNDS):
            is_used = number < len(bounds)
            row = bounds[number] if is_used else unused
            found |= {f"used{number}": is_used, f"point{number}": row.point}
            for place, (key, limit) in enumerate(zip(self.keys, row.keys, strict=True)):
                found |= _limit_parameters(key, f"{number}_{place}", limit)
        return found


def _is_later(point: str, bound: int) -> exp.Expr:
    return _binary(exp.GT, exp.column(point), exp.Placeholder(this=f"point{bound}"))


class LimitComparison(NamedTuple):
    """Whether a row is certainly not better, and certainly worse, than a limit of an objective."""

    not_better: exp.Expr
    worse: exp.Expr


def _compare(key: SortKey, name: str, columns: Sequence[str]) -> LimitComparison:
    """Compare a row with values in `columns` with the limit called `name`."""
    limit = exp.Placeholder(this=f"limit{name}")
    if not key.operands:
        [column] = columns
        return LimitComparison(
            _binary(exp.GTE, exp.column(column), limit), _binary(exp.GT, exp.column(column), limit.copy())
        )
    has_none = _binary(exp.EQ, exp.column(columns[1]), exp.Literal.number(0))
    has_limit = exp.Placeholder(this=f"known{name}")
    numerator, denominator = (
        exp.cast(exp.column(column), DUCKDB.wide, copy=False, dialect=DUCKDB.name) for column in columns
    )
    above = exp.Mul(this=numerator, expression=exp.Literal.number(2 ** _scale(key)))
    relation = exp.GTE if key.sign > 0 else exp.LT
    beyond = _binary(relation, above, exp.Mul(this=denominator, expression=limit))
    worse = exp.and_(has_limit, exp.or_(has_none, beyond, copy=False), copy=False)
    return LimitComparison(exp.or_(has_none.copy(), worse.copy(), copy=False), worse)


def _limit_parameters(key: SortKey, name: str, limit: int) -> dict[str, int | bool]:
    """The query parameters for a limit."""
    if not key.operands:
        return {f"limit{name}": limit}
    scaled = 0
    if limit < NO_NUMBER // 2:
        scaled = _shift(key.sign * limit, _scale(key) - key.fraction_bits) + (key.sign > 0)
    is_known = limit < NO_NUMBER // 2 and scaled * bounds_of(key.operands[1])[1] <= LARGEST
    return {f"known{name}": is_known, f"limit{name}": scaled if is_known else 0}


def _scale(key: SortKey) -> int:
    """The number of bits to scale a numerator by, within the wide type."""
    most = max(bounds_of(key.operands[0])[1], 1)
    return max(0, min(SCALE_BITS, (LARGEST // most).bit_length() - 1))


def _shift(value: int, bits: int) -> int:
    return value << bits if bits >= 0 else value >> -bits


def _binary(operator: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """The operator applied to both sides."""
    tree: exp.Expr = operator(this=left, expression=right)
    return tree
