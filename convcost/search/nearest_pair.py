"""The pairs of two sizes that cost next to a target, among all there are: by bounds on ever smaller parts."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.search.pair_search import Plane, Spot
from convcost.symbolic.interval import Bounds
from convcost.symbolic.search import halves


class Around(NamedTuple):
    """What costs next to a target below it, at it and above it; `proven` if nothing can be nearer."""

    below: Spot | None = None
    equal: Spot | None = None
    above: Spot | None = None
    proven: bool = False

    @property
    def within(self) -> Spot | None:
        """What is nearest without exceeding the target."""
        return self.equal or self.below

    def excludes(self, known: Bounds | None) -> bool:
        """Whether no cost between these bounds is nearer to the target."""
        if known is None:
            return False
        too_low = self.below is not None and known.high <= self.below.cost
        return too_low or (self.above is not None and known.low >= self.above.cost)

    def with_line(self, plane: Plane, name: str, size: Size) -> Around:
        """With what there is where `name` is `size`."""
        below, equal, above = (plane.spot(name, size, hits) for hits in plane.line(name, size))
        return Around(
            max(filter(None, (self.below, below)), key=lambda spot: spot.cost, default=None),
            self.equal or equal,
            min(filter(None, (self.above, above)), key=lambda spot: spot.cost, default=None),
        )


def around(plane: Plane, name: str, most: int, until_equal: bool) -> Around:
    """What costs next to the plane's target, by lines on which `name` stays.

    It is searched until `most` costs were asked, or, if `until_equal`, until one is at the target.
    """
    found = Around()
    waiting: list[tuple[Size, int, Size, range, Bounds | None]] = [(0, 0, 0, plane.ranges[name], None)]
    while waiting and plane.asked < most and not (until_equal and found.equal):
        *_, part, known = heappop(waiting)
        if found.excludes(known):
            continue
        if len(part) == 1:
            found = found.with_line(plane, name, part[0])
            continue
        for half in halves(part):
            try:
                known = plane.bounds(name, half)
            except ConvcostError:
                continue
            distance = known.distance(plane.target) if known else 0
            heappush(waiting, (distance, len(half), half[0], half, known))
    left = [part for *_, part, known in waiting if not found.excludes(known)]
    return found._replace(proven=not left and not plane.cut)
