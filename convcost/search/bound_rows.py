"""Rows found so far, with which an engine leaves out rows that can't be among the best.

A sample of the grid's points is evaluated first, so that there are such rows, and to know which of them
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
"""The most rows to compare each row with: the first of them dominate most rows."""

MOST_COMPARED = 256

MOST_SAMPLED = 2048


class BoundRow(NamedTuple):
    """A row that excludes others: those that are nowhere better, and not earlier if equal.

    `keys` are its values by objective.
    """

    keys: tuple[int, ...]
    point: int


class RowSample:
    """The values of a sample of the grid's points by objective, and the best rows of the sample."""

    def __init__(self, selection: Selection, fewest: int) -> None:
        self.best = selection.empty_copy()
        self.keys = tuple(np.zeros(0, np.int64) for _ in selection.objectives)
        self.number = max(fewest, 4 * selection.number_wanted)
        """The number of points in the sample."""

    def add(self, design: int, points: Any, keys: Sequence[Any]) -> None:
        """Add rows of a design, as `Selection.add` does."""
        self.best.add(design, points, keys)
        self.keys = tuple(map(np.concatenate, zip(self.keys, keys, strict=True)))

    def bounds(self, selection: Selection) -> list[BoundRow]:
        """The rows with which a query leaves out others: of the selection, and of the sample."""
        return strongest_bounds([*selection.bounds(), *self.best.bounds()], self.keys)


def spread_points(length: int, number: int) -> range:
    """About `number` points below `length`, with a distance that has no common divisor with `length`.

    So they include every value of each axis of the grid.
    """
    step = max(1, length // number)
    while gcd(step, length) > 1:
        step += 1
    return range(0, length, step)


def strongest_bounds(rows: Sequence[BoundRow], sample: Sequence[Any]) -> list[BoundRow]:
    """The rows that together dominate the most rows of a sample, the strongest first.

    `sample` has an array of values for each objective.
    """
    if not rows or not len(sample[0]):
        return [*rows[:MOST_BOUNDS]]
    rows = [rows[place] for place in _even_indices(len(rows), MOST_COMPARED)]
    places = _even_indices(len(sample[0]), MOST_SAMPLED)
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


def _even_indices(number: int, most: int) -> Any:
    """At most `most` indices below `number`, at equal distances."""
    return np.unique(np.linspace(0, number - 1, min(number, most)).astype(int))
