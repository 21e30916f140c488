"""Two sizes of a design at once: what it costs along a line on which one of them stays, and in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.search.design import Design
from convcost.symbolic.interval import Bounds, bounds
from convcost.symbolic.nearest import Hits, Nearest, nearest
from convcost.symbolic.search import halves, sought

MOST_STEPS = 200
"""Parts of a range that are looked at to find where its possible sizes end."""

Pair: TypeAlias = tuple[Size, Size]


class Spot(NamedTuple):
    """A cost, and the two sizes that have it, in the order that they were named in."""

    cost: Size
    sizes: Pair


class Plane:
    """The pairs of two sizes of a design, what they cost, and what that is next to the target.

    `asked` counts the costs worked out, `cut` has the lines that were not searched to the end.
    """

    def __init__(self, design: Design, target: Size, ranges: Mapping[str, range]) -> None:
        self.design, self.target, self.ranges = design, target, ranges
        self.names = tuple(ranges)
        self.asked = 0
        self.cut: set[tuple[str, Size]] = set()
        self._lines: dict[tuple[str, Size], Nearest] = {}

    def other(self, name: str) -> str:
        """The size that is not `name`."""
        return self.names[1 - self.names.index(name)]

    def cost(self, name: str, size: Size, other: Size) -> Size:
        """The cost where `name` is `size`; each is an int or stands for many."""
        self.asked += 1
        return self.design.cost({name: size, self.other(name): other})

    def line(self, name: str, size: Size) -> Nearest:
        """The costs next to the target where `name` is `size`, with the values of the other size."""
        key = name, size
        if key not in self._lines:
            explored = sought(
                self.ranges[self.other(name)], lambda other: self.cost(name, size, other), self.target
            )
            self.cut |= {key} if explored.untried else set()
            self._lines[key] = nearest(explored.pieces, self.target)
        return self._lines[key]

    def first(self, name: str, size: Size) -> Spot | None:
        """What costs most within the target where `name` is `size`: of several, with the smallest other."""
        return self.spot(name, size, self.line(name, size).within)

    def spot(self, name: str, size: Size, hits: Hits | None) -> Spot | None:
        """The first of what was hit on the line where `name` is `size`."""
        if hits is None:
            return None
        pair = (size, hits.smallest) if name == self.names[0] else (hits.smallest, size)
        return Spot(hits.cost, pair)

    def bounds(self, name: str, part: range) -> Bounds | None:
        """What the cost is bounded by where `name` is in `part`; ConvcostError where nothing is possible."""
        return bounds(lambda size, other: self.cost(name, size, other), part, self.ranges[self.other(name)])

    def possible(self, name: str) -> range:
        """The values of `name` but for those at both ends with which nothing keeps within the target."""
        sizes = self.ranges[name]
        first, last = self._end(name, first=True), self._end(name, first=False)
        return sizes[:0] if first is None or last is None else range(first, last + 1, sizes.step)

    def _end(self, name: str, first: bool) -> Size | None:
        waiting = [self.ranges[name]]
        for _ in range(MOST_STEPS):
            if not waiting:
                return None
            part = waiting.pop()
            if not self._may_fit(name, part):
                continue
            if len(part) == 1:
                return part[0]
            waiting += reversed(halves(part)) if first else halves(part)
        return waiting[-1][0 if first else -1] if waiting else None

    def _may_fit(self, name: str, part: range) -> bool:
        try:
            known = self.bounds(name, part)
        except ConvcostError:
            return False
        return known is None or known.low <= self.target
