"""Comparisons of a row's columns with limits, which are parameters of the query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlglot import exp

from convcost.search.engines.sort_keys import NO_NUMBER, SortKey
from convcost.search.graph.graph_results import bounds_of
from convcost.search.graph.sql import DUCKDB, LARGEST

SCALE_BITS = 20
"""A quotient is compared in units of 2^-20, or larger ones where it is large: what may be better stays."""


class LimitComparison(NamedTuple):
    """Whether a row is surely not better than a limit of an objective, and whether it is surely worse."""

    not_better: exp.Expr
    worse: exp.Expr


def compare(key: SortKey, name: str, columns: Sequence[str]) -> LimitComparison:
    """A row whose numbers are `columns` with the limit called `name`."""
    limit = exp.Placeholder(this=f"limit{name}")
    if not key.operands:
        [column] = columns
        return LimitComparison(
            relate(exp.GTE, exp.column(column), limit), relate(exp.GT, exp.column(column), limit.copy())
        )
    has_none = relate(exp.EQ, exp.column(columns[1]), exp.Literal.number(0))
    has_limit = exp.Placeholder(this=f"known{name}")
    numerator, denominator = (
        exp.cast(exp.column(column), DUCKDB.wide, copy=False, dialect=DUCKDB.name) for column in columns
    )
    above = exp.Mul(this=numerator, expression=exp.Literal.number(2 ** _scale(key)))
    relation = exp.GTE if key.sign > 0 else exp.LT
    beyond = relate(relation, above, exp.Mul(this=denominator, expression=limit))
    worse = exp.and_(has_limit, exp.or_(has_none, beyond, copy=False), copy=False)
    return LimitComparison(exp.or_(has_none.copy(), worse.copy(), copy=False), worse)


def limit_parameters(key: SortKey, name: str, limit: int) -> dict[str, int | bool]:
    """The parameters that say which limit it is."""
    if not key.operands:
        return {f"limit{name}": limit}
    scaled = 0
    if limit < NO_NUMBER // 2:
        scaled = _shifted(key.sign * limit, _scale(key) - key.fraction_bits) + (key.sign > 0)
    is_known = limit < NO_NUMBER // 2 and scaled * bounds_of(key.operands[1])[1] <= LARGEST
    return {f"known{name}": is_known, f"limit{name}": scaled if is_known else 0}


def _scale(key: SortKey) -> int:
    """By how many bits a numerator is multiplied, for which the wide type has room."""
    most = max(bounds_of(key.operands[0])[1], 1)
    return max(0, min(SCALE_BITS, (LARGEST // most).bit_length() - 1))


def _shifted(value: int, bits: int) -> int:
    return value << bits if bits >= 0 else value >> -bits


def relate(relation: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """A comparison of both."""
    tree: exp.Expr = relation(this=left, expression=right)
    return tree
