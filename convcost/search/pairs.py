"""Two sizes at once: the pairs within a target that no other pair with one of the same sizes outdoes.

A pair outdoes another with which it shares a size where it costs more and still keeps within the target; of
two that cost the same, the one with the smaller sizes does. Where cost grows with both sizes, those are the
pairs of which neither size can grow without the other's loss; where it falls as a size grows, such as a
stride, the smaller value counts as the one to be had.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from convcost.core.cost import Size
from convcost.core.match import Choice, Match
from convcost.search.design import Design
from convcost.search.nearest import NearestCosts
from convcost.search.tabulate import CostTable, tables


class LineMaxima:
    """For each value of one size, the largest cost within a target, and the first index of the other size that has it."""

    def __init__(self, target: Size, length: int) -> None:
        self.costs = np.full(length, -1, np.int64 if target < 2**63 else object)
        self.others = np.zeros(length, np.int64)

    def add(self, costs: Any, factor: int, axis: int, start: tuple[int, ...]) -> None:
        """Take the costs of a table into account; those beyond the target are -1."""
        others = costs.argmax(axis)
        largest = np.take_along_axis(costs, np.expand_dims(others, axis), axis).squeeze(axis)
        largest = np.where(largest < 0, -1, largest.astype(self.costs.dtype) * factor)
        part = slice(start[1 - axis], start[1 - axis] + len(largest))
        is_larger = largest > self.costs[part]
        self.costs[part][is_larger] = largest[is_larger]
        self.others[part][is_larger] = others[is_larger] + start[axis]


class PairSearch:
    """What costs next to the target among all pairs, and what costs most within it on each line."""

    def __init__(self, design: Design, asked: Match) -> None:
        lengths = tuple(map(len, asked.sought.values()))
        self.target = asked.target
        self.nearest = NearestCosts(asked.target)
        self.maxima = [LineMaxima(asked.target, length) for length in lengths]
        for table in tables(design, asked.sought):
            self.nearest.add(table, lengths)
            self._add(table)

    def _add(self, table: CostTable) -> None:
        costs, factor = table.costs.values, table.costs.factor
        is_within = table.possible & (costs <= self.target // factor)
        if is_within.any():
            costs = np.where(is_within, costs, -1)
            for name, maxima in enumerate(self.maxima):
                maxima.add(costs, factor, 1 - name, table.start)

    def undominated(self) -> list[tuple[int, int, int]]:
        """The pairs that no other outdoes, as the indices of their sizes, and what they cost."""
        first, second = self.maxima
        is_mutual = (first.costs >= 0) & (second.others[first.others] == np.arange(len(first.costs)))
        places = np.flatnonzero(is_mutual)
        return list(
            zip(places.tolist(), first.others[places].tolist(), first.costs[places].tolist(), strict=True)
        )


def fit_two(design: Design, asked: Match) -> Match:
    """`asked` with the pairs within the target that no other outdoes, and the one nearest to the target."""
    (name, sizes), (other_name, other_sizes) = asked.sought.items()
    found = PairSearch(design, asked)

    def choice(place: int, other: int, cost: Size) -> Choice:
        return design.choice({name: sizes[place], other_name: other_sizes[other]}, cost, asked.target)

    choices = tuple(choice(*pair) for pair in found.undominated())
    below, above = (
        side and choice(*divmod(side.first[0], len(other_sizes)), side.cost)
        for side in (found.nearest.below, found.nearest.above)
    )
    eligible = choices if asked.at_most or above is None else (*choices, above)
    least = min((abs(choice.difference) for choice in eligible), default=None)
    best = tuple(choice for choice in eligible if abs(choice.difference) == least)
    return replace(asked, best=best, below=below, above=above, choices=choices)
