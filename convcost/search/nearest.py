"""Searches all values of one size for those whose costs are next to a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convcost.core.cost import Size
from convcost.core.match import Choice, Match
from convcost.search.design import Design
from convcost.search.tabulate import CostTable, tables

MOST_TIES = 16
"""Sizes of one cost that are listed."""


@dataclass(frozen=True)
class CostTies:
    """A cost, the number of places that have it, the first of these and the last."""

    cost: Size
    number: int
    first: tuple[int, ...]
    last: int

    def __add__(self, later: CostTies) -> CostTies:
        first = (*self.first, *later.first)[:MOST_TIES]
        return CostTies(self.cost, self.number + later.number, first, later.last)


@dataclass
class NearestCosts:
    """The costs next to `target` below it, at it and above it, among those that were added so far.

    A place is the number of a size, or of a pair, in the order in which they are added.
    """

    target: Size
    below: CostTies | None = None
    equal: CostTies | None = None
    above: CostTies | None = None

    @property
    def within(self) -> CostTies | None:
        """The nearest that does not exceed the target."""
        return self.equal or self.below

    @property
    def closest(self) -> tuple[CostTies, ...]:
        """The nearest; both sides where they are as near."""
        if self.equal:
            return (self.equal,)
        sides = [side for side in (self.below, self.above) if side]
        least = min((abs(side.cost - self.target) for side in sides), default=0)
        return tuple(side for side in sides if abs(side.cost - self.target) == least)

    def add(self, table: CostTable, lengths: tuple[int, ...]) -> None:
        """Take a table into account, where `lengths` are those of all ranges."""
        costs, factor, eligible = np.asarray(table.costs.values), table.costs.factor, table.possible
        if self.below:
            eligible = eligible & (costs >= -(-self.below.cost // factor))
        if self.above:
            eligible = eligible & (costs <= self.above.cost // factor)
        indices = np.nonzero(eligible)
        if not len(indices[0]):
            return
        places = np.ravel_multi_index(
            [index + at for index, at in zip(indices, table.start, strict=True)], lengths
        )
        costs = costs[indices]
        floor, rest = divmod(self.target, factor)
        is_above, is_below = costs > floor, costs < floor + bool(rest)
        sides = (
            ("below", is_below, np.max),
            ("equal", ~is_above & ~is_below, np.max),
            ("above", is_above, np.min),
        )
        for side, is_there, nearest in sides:
            if is_there.any():
                cost = nearest(costs[is_there])
                self._take(side, int(cost) * factor, places[costs == cost])

    def _take(self, side: str, cost: Size, places: Any) -> None:
        hits = CostTies(cost, len(places), tuple(places[:MOST_TIES].tolist()), int(places[-1]))
        known = getattr(self, side)
        setattr(self, side, known + hits if known and known.cost == cost else hits)


def search_one_size(design: Design, asked: Match) -> Match:
    """`asked` with the values of its one size that bring `design` nearest to the target."""
    ((name, sizes),) = asked.searched.items()
    found = NearestCosts(asked.target)
    for table in tables(design, asked.searched):
        found.add(table, (len(sizes),))
    best = found.closest if not asked.at_most else (found.within,) if found.within else ()

    def choice(place: int, hits: CostTies) -> Choice:
        return design.choice({name: sizes[place]}, hits.cost, asked.target)

    return replace(
        asked,
        best=tuple(choice(place, hits) for hits in best for place in hits.first),
        below=choice(found.below.last, found.below) if found.below else None,
        above=choice(found.above.first[0], found.above) if found.above else None,
        notes=tuple(note for hits in best for note in _ties(name, sizes, hits)),
    )


def _ties(name: str, sizes: range, hits: CostTies) -> Iterator[str]:
    """That more sizes cost the same than are listed."""
    if hits.number > MOST_TIES:
        first, last = sizes[hits.first[0]], sizes[hits.last]
        yield (
            f"{hits.number:,} values of {name} cost the same, from {first:,} to {last:,}; "
            f"the first {MOST_TIES} are listed."
        )
