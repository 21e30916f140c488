"""Searches pairs of two sizes within a target that no other pair with a common size dominates.

A pair dominates another one that shares a size if it costs more and is still within the target; at equal
costs, the one with smaller sizes dominates. If cost grows with both sizes, the result is the pairs in which
no size can grow without the other shrinking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from convcost.core.cost import Size
from convcost.core.match import Choice, Match
from convcost.search.design import Design
from convcost.search.nearest import CostTies, NearestCosts
from convcost.search.tabulate import CostTable, tables


class LineMaxima:
    """For each value of one size, the largest cost within a target, and its first index of the other size."""

    def __init__(self, target: Size, length: int) -> None:
        self.costs = np.full(length, -1, np.int64 if target < 2**63 else object)
        self.others = np.zeros(length, np.int64)

    def add(self, costs: Any, factor: int, axis: int, start: tuple[int, ...]) -> None:
        """Add a table's costs, with lines along `axis`; costs beyond the target are -1."""
        others = costs.argmax(axis)
        largest = costs.max(axis).astype(self.costs.dtype)
        largest = np.where(largest < 0, -1, largest * factor)
        lines = slice(start[1 - axis], start[1 - axis] + len(largest))
        is_larger = largest > self.costs[lines]
        self.costs[lines][is_larger] = largest[is_larger]
        self.others[lines][is_larger] = others[is_larger] + start[axis]


def search_two_sizes(design: Design, unsolved: Match) -> Match:
    """Solve a match of two sizes: the pairs that no other dominates, and the closest to the target."""
    (name, sizes), (other_name, other_sizes) = unsolved.searched.items()
    nearest = NearestCosts(unsolved.target)
    maxima = LineMaxima(unsolved.target, len(sizes)), LineMaxima(unsolved.target, len(other_sizes))
    for table in tables(design, unsolved.searched):
        nearest.add(table, (len(sizes), len(other_sizes)))
        _add_within(maxima, table, unsolved.target)

    def choice(place: int, other: int, cost: Size) -> Choice:
        return design.choice({name: sizes[place], other_name: other_sizes[other]}, cost, unsolved.target)

    def first(hits: CostTies | None) -> Choice | None:
        return choice(*divmod(hits.first[0], len(other_sizes)), hits.cost) if hits else None

    choices = tuple(choice(*pair) for pair in _undominated_pairs(*maxima))
    below, above = first(nearest.below), first(nearest.above)
    eligible = choices if unsolved.at_most or above is None else (*choices, above)
    least = min((abs(choice.difference) for choice in eligible), default=None)
    best = tuple(choice for choice in eligible if abs(choice.difference) == least)
    return replace(unsolved, best=best, below=below, above=above, choices=choices)


def _add_within(maxima: tuple[LineMaxima, LineMaxima], table: CostTable, target: Size) -> None:
    costs, factor = table.costs.values, table.costs.factor
    is_within = table.possible & (costs <= target // factor)
    if is_within.any():
        within = np.where(is_within, costs, -1)
        for size, lines in enumerate(maxima):
            lines.add(within, factor, 1 - size, table.start)


def _undominated_pairs(lines: LineMaxima, other_lines: LineMaxima) -> Iterator[tuple[int, int, Size]]:
    """The pairs that no other dominates: the indices of their sizes, and their costs."""
    is_mutual = other_lines.others[lines.others] == np.arange(len(lines.others))
    places = np.flatnonzero(is_mutual & (lines.costs >= 0))
    return zip(places.tolist(), lines.others[places].tolist(), lines.costs[places].tolist(), strict=True)
