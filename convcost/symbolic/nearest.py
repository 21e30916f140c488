"""Which sizes cost nearest to a target, where costs are polynomials on stretches of sizes: by their signs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.symbolic.polynomial import Coefficients, added, runs, stretches, value

MOST_TIES = 16


class Piece(NamedTuple):
    """Sizes that are all possible, and what they cost by their place."""

    sizes: range
    cost: Coefficients


class Explored(NamedTuple):
    """Sizes with their costs, those nearest to a target among them, and the sizes that were not tried."""

    pieces: tuple[Piece, ...]
    untried: tuple[range, ...]

    @property
    def first_untried(self) -> Size | None:
        """The smallest size that was not tried."""
        return min((sizes[0] for sizes in self.untried), default=None)


class Hits(NamedTuple):
    """A cost, and the sizes that have it."""

    cost: Size
    sizes: tuple[range, ...]

    @property
    def largest(self) -> Size:
        """The largest of the sizes."""
        return max(sizes[-1] for sizes in self.sizes)

    @property
    def smallest(self) -> Size:
        """The smallest of the sizes."""
        return min(sizes[0] for sizes in self.sizes)

    @property
    def number(self) -> int:
        """How many sizes they are."""
        return sum(map(len, self.sizes))

    def first(self, most: int = MOST_TIES) -> list[Size]:
        """The smallest `most` of the sizes."""
        return list(islice(merge(*self.sizes), most))


class Nearest(NamedTuple):
    """The costs nearest to a target: below it, at it, above it, each with its sizes, if there are any."""

    below: Hits | None
    equal: Hits | None
    above: Hits | None

    @property
    def within(self) -> Hits | None:
        """The one nearest to the target without exceeding it."""
        return self.equal or self.below

    def closest(self, target: Size) -> tuple[Hits, ...]:
        """The one nearest to the target; both sides where they are as near."""
        if self.equal:
            return (self.equal,)
        sides = [side for side in (self.below, self.above) if side]
        least = min((abs(side.cost - target) for side in sides), default=0)
        return tuple(side for side in sides if abs(side.cost - target) == least)


def nearest(pieces: Iterable[Piece], target: Size) -> Nearest:
    """The costs nearest to `target` on the pieces."""
    at: dict[int, list[range]] = {}
    for piece in pieces:
        for place in candidates(piece, target):
            at.setdefault(value(piece.cost, place.start), []).append(piece.sizes[place.start : place.stop])
    hits = [Hits(cost, tuple(found)) for cost, found in at.items()]
    return Nearest(
        max((hit for hit in hits if hit.cost < target), key=lambda hit: hit.cost, default=None),
        next((hit for hit in hits if hit.cost == target), None),
        min((hit for hit in hits if hit.cost > target), key=lambda hit: hit.cost, default=None),
    )


def candidates(piece: Piece, target: Size) -> Iterator[range]:
    """Places of a piece among which every one is that is nearest to `target` on its side.

    On a run, and where the cost stays on one side of the target, the nearest is at an end.
    """
    count = len(piece.sizes)
    if len(piece.cost) == 1:
        yield range(count)
        return
    shifted = added(piece.cost, (-target,))
    ends = {place for start, stop in runs(piece.cost, count) for place in (start, stop - 1)}
    for stretch in stretches(shifted, count):
        ends |= {stretch.start, stretch.stop - 1}
    yield from (range(place, place + 1) for place in sorted(ends))
