"""Rows that were found already, by which an engine leaves out those that can't be among the best.

A sample of the grid's points is looked at first, so that there are such rows, and it is known which of them
dominate most others.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from convcost.search.selection import Selection

MOST_BOUNDS = 16
"""Rows that every row is compared with: most rows are dominated by the first of them."""

MOST_COMPARED = 256

MOST_SAMPLED = 2048


class BoundRow(NamedTuple):
    """A row of so many is kept already: those that are nowhere better, and not earlier if equal, are not.

    `keys` are its numbers by objective.
    """

    keys: tuple[int, ...]
    point: int


class RowSample:
    """What some points all over the grid have by objective, and the best of them."""

    def __init__(self, selection: Selection, fewest: int) -> None:
        self.best = selection.empty_copy()
        self.keys = tuple(np.zeros(0, np.int64) for _ in selection.objectives)
        self.number = max(fewest, 4 * selection.number_wanted)
        """Of points that are looked at."""

    def add(self, design: int, points: Any, keys: Sequence[Any]) -> None:
        """Take rows of a design into account, as `Selection.add` does."""
        self.best.add(design, points, keys)
        self.keys = tuple(map(np.concatenate, zip(self.keys, keys, strict=True)))

    def bounds(self, selection: Selection) -> list[BoundRow]:
        """Rows by which a query leaves out others: of the selection, and of the sample."""
        return strongest_bounds([*selection.bounds(), *self.best.bounds()], self.keys)


def spread_points(length: int, number: int) -> range:
    """About `number` points below `length`, whose distance has no divisor that `length` has too.

    So they have every value of each axis of the grid.
    """
    step = max(1, length // number)
    while gcd(step, length) > 1:
        step += 1
    return range(0, length, step)


def strongest_bounds(rows: Sequence[BoundRow], sample: Sequence[Any]) -> list[BoundRow]:
    """Those that together dominate the most rows of a sample, the strongest first.

    `sample` has an array of numbers for each objective.
    """
    if not rows or not len(sample[0]):
        return [*rows[:MOST_BOUNDS]]
    rows = [rows[place] for place in _spread(len(rows), MOST_COMPARED)]
    places = _spread(len(sample[0]), MOST_SAMPLED)
    is_dominated = np.ones((len(rows), len(places)), bool)
    for number, values in enumerate(sample):
        keys = np.array([float(row.keys[number]) for row in rows])
        is_dominated &= keys[:, None] <= values[places].astype(float)[None]
    chosen: list[BoundRow] = []
    while len(chosen) < MOST_BOUNDS:
        best = int(is_dominated.sum(axis=1).argmax())
        if chosen and not is_dominated[best].any():
            break
        chosen.append(rows[best])
        is_dominated &= ~is_dominated[best]
    return chosen


def _spread(number: int, most: int) -> Any:
    """At most so many indices below `number`, at equal distances."""
    return np.unique(np.linspace(0, number - 1, min(number, most)).astype(int))
