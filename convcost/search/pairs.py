"""Searches pairs of two sizes for those within a target that no other pair with a common size dominates.

A pair dominates another with which it shares a size where it costs more and still keeps within the target; of
two that cost the same, the one with the smaller sizes does. Where cost grows with both sizes, those are the
pairs of which neither size can grow without the other's loss; where it falls as a size grows, such as a
stride, the smaller value counts as the one to be had.
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
    """For each value of one size, the largest cost within a target, and where on that line it is first."""

    def __init__(self, target: Size, length: int) -> None:
        self.costs = np.full(length, -1, np.int64 if target < 2**63 else object)
        self.others = np.zeros(length, np.int64)

    def add(self, costs: Any, factor: int, axis: int, start: tuple[int, ...]) -> None:
        """Take a table's costs into account, whose lines are along `axis`; those beyond the target are -1."""
        others = costs.argmax(axis)
        largest = costs.max(axis).astype(self.costs.dtype)
        largest = np.where(largest < 0, -1, largest * factor)
        lines = slice(start[1 - axis], start[1 - axis] + len(largest))
        is_larger = largest > self.costs[lines]
        self.costs[lines][is_larger] = largest[is_larger]
        self.others[lines][is_larger] = others[is_larger] + start[axis]


def search_two_sizes(design: Design, asked: Match) -> Match:
    """`asked` with the pairs within the target that no other dominates, and the one nearest to the target."""
    (name, sizes), (other_name, other_sizes) = asked.searched.items()
    nearest = NearestCosts(asked.target)
    maxima = LineMaxima(asked.target, len(sizes)), LineMaxima(asked.target, len(other_sizes))
    for table in tables(design, asked.searched):
        nearest.add(table, (len(sizes), len(other_sizes)))
        _add_within(maxima, table, asked.target)

    def choice(place: int, other: int, cost: Size) -> Choice:
        return design.choice({name: sizes[place], other_name: other_sizes[other]}, cost, asked.target)

    def first(hits: CostTies | None) -> Choice | None:
        return choice(*divmod(hits.first[0], len(other_sizes)), hits.cost) if hits else None

    choices = tuple(choice(*pair) for pair in _undominated_pairs(*maxima))
    below, above = first(nearest.below), first(nearest.above)
    eligible = choices if asked.at_most or above is None else (*choices, above)
    least = min((abs(choice.difference) for choice in eligible), default=None)
    best = tuple(choice for choice in eligible if abs(choice.difference) == least)
    return replace(asked, best=best, below=below, above=above, choices=choices)


def _add_within(maxima: tuple[LineMaxima, LineMaxima], table: CostTable, target: Size) -> None:
    costs, factor = table.costs.values, table.costs.factor
    is_within = table.possible & (costs <= target // factor)
    if is_within.any():
        within = np.where(is_within, costs, -1)
        for size, lines in enumerate(maxima):
            lines.add(within, factor, 1 - size, table.start)


def _undominated_pairs(lines: LineMaxima, other_lines: LineMaxima) -> Iterator[tuple[int, int, Size]]:
    """The pairs that no other dominates, as the indices of their sizes, and what they cost."""
    is_mutual = other_lines.others[lines.others] == np.arange(len(lines.others))
    places = np.flatnonzero(is_mutual & (lines.costs >= 0))
    return zip(places.tolist(), lines.others[places].tolist(), lines.costs[places].tolist(), strict=True)
