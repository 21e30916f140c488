"""Searches all values of one size for the costs closest to a target."""

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
"""The most sizes with equal costs to list."""


@dataclass(frozen=True)
class CostTies:
    """A cost, the number of places with this cost, the first ones and the last."""

    cost: Size
    number: int
    first: tuple[int, ...]
    last: int

    def __add__(self, later: CostTies) -> CostTies:
        first = (*self.first, *later.first)[:MOST_TIES]
        return CostTies(self.cost, self.number + later.number, first, later.last)


@dataclass
class NearestCosts:
    """The closest costs below, at and above `target`, among those added so far.

    A place is the index of a size or a pair.
    """

    target: Size
    below: CostTies | None = None
    equal: CostTies | None = None
    above: CostTies | None = None

    @property
    def within(self) -> CostTies | None:
        """The closest cost that does not exceed the target."""
        return self.equal or self.below

    @property
    def closest(self) -> tuple[CostTies, ...]:
        """The closest cost; both sides if they are equally close."""
        if self.equal:
            return (self.equal,)
        sides = [side for side in (self.below, self.above) if side]
        least = min((abs(side.cost - self.target) for side in sides), default=0)
        return tuple(side for side in sides if abs(side.cost - self.target) == least)

    def add(self, table: CostTable, lengths: tuple[int, ...]) -> None:
        """Add the costs of a table; `lengths` are those of all ranges."""
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
                self._add_hits(side, int(cost) * factor, places[costs == cost])

    def _add_hits(self, side: str, cost: Size, places: Any) -> None:
        hits = CostTies(cost, len(places), tuple(places[:MOST_TIES].tolist()), int(places[-1]))
        known = getattr(self, side)
        setattr(self, side, known + hits if known and known.cost == cost else hits)


def search_one_size(design: Design, unsolved: Match) -> Match:
    """Solve a match of one size: the values with costs closest to the target."""
    ((name, sizes),) = unsolved.searched.items()
    found = NearestCosts(unsolved.target)
    for table in tables(design, unsolved.searched):
        found.add(table, (len(sizes),))
    best = found.closest if not unsolved.at_most else (found.within,) if found.within else ()

    def choice(place: int, hits: CostTies) -> Choice:
        return design.choice({name: sizes[place]}, hits.cost, unsolved.target)

    return replace(
        unsolved,
        best=tuple(choice(place, hits) for hits in best for place in hits.first),
        below=choice(found.below.last, found.below) if found.below else None,
        above=choice(found.above.first[0], found.above) if found.above else None,
        notes=tuple(note for hits in best for note in _ties(name, sizes, hits)),
    )


def _ties(name: str, sizes: range, hits: CostTies) -> Iterator[str]:
    """A note if more sizes than are listed cost the same."""
    if hits.number > MOST_TIES:
        first, last = sizes[hits.first[0]], sizes[hits.last]
        yield (
            f"{hits.number:,} values of {name} cost the same, from {first:,} to {last:,}; "
            f"the first {MOST_TIES} are listed."
        )
