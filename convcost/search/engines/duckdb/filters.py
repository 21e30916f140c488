"""A condition for DuckDB on a row that may be the best: none of the bounds dominates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sqlglot import exp

from convcost.search.bound_rows import MOST_BOUNDS, BoundRow
from convcost.search.engines.duckdb.comparisons import compare, limit_parameters, relate
from convcost.search.engines.sort_keys import SortKey

Parameters: TypeAlias = dict[str, int | bool]


class BoundFilter:
    """Compares a row with one bound after the other; the first ones decide on most rows.

    The bounds are parameters. A row has these columns for each key, and its point in the column `point`.
    """

    def __init__(self, keys: Sequence[SortKey], columns: Sequence[Sequence[str]], point: str) -> None:
        self.keys = keys
        self.columns = columns
        self.point = point

    @property
    def tree(self) -> exp.Expr:
        """Whether none dominates the row."""
        found = exp.Case()
        for bound in range(MOST_BOUNDS):
            tests = [
                compare(key, f"{bound}_{place}", columns)
                for place, (key, columns) in enumerate(zip(self.keys, self.columns, strict=True))
            ]
            is_worse = exp.or_(*(test.worse for test in tests), _is_later(self.point, bound), copy=False)
            is_there = exp.Placeholder(this=f"there{bound}")
            is_dominated = exp.and_(is_there, *(test.not_better for test in tests), is_worse, copy=False)
            found.when(is_dominated, exp.false(), copy=False)
        return found.else_(exp.true(), copy=False)

    def parameters(self, bounds: Sequence[BoundRow]) -> Parameters:
        """The parameters that say what the bounds are: the first ones if there are too many."""
        nowhere = BoundRow((0,) * len(self.keys), 0)
        found: Parameters = {}
        for number in range(MOST_BOUNDS):
            is_there = number < len(bounds)
            row = bounds[number] if is_there else nowhere
            found |= {f"there{number}": is_there, f"point{number}": row.point}
            for place, (key, limit) in enumerate(zip(self.keys, row.keys, strict=True)):
                found |= limit_parameters(key, f"{number}_{place}", limit)
        return found


def _is_later(point: str, bound: int) -> exp.Expr:
    return relate(exp.GT, exp.column(point), exp.Placeholder(this=f"point{bound}"))
