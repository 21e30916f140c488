"""Rows that were found already, by which an engine leaves out those that can't be among the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

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
