"""Which sizes of a progression bring a cost nearest to a target: exact, by bounds and signs of polynomials.

A cost is a function that takes a size and raises ConvcostError where the size is not possible. It is asked
about a stretch of sizes at once, and about parts of it where it answers with SplitError; what its bounds
show to be further from the target than what was found is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import TypeAlias

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.symbolic.division import BeyondError, SplitError
from convcost.symbolic.interval import Bounds, bounds
from convcost.symbolic.nearest import Explored, Piece, nearest
from convcost.symbolic.polynomial import Coefficients
from convcost.symbolic.progression_polynomial import along, coefficients

Costs: TypeAlias = Callable[[Size], Size]

MOST_QUESTIONS = 4000
"""What a search asks a cost at most; sizes that are left then were not tried."""


def sought(sizes: range, costs: Costs, target: Size) -> Explored:
    """The pieces of `sizes` among which every size is that costs nearest to `target` on its side.

    Polynomials are taken at their word only where plain numbers confirm what is nearest.
    """
    search = Search(costs, target)
    search.wait([sizes])
    while search.waiting and search.asked < MOST_QUESTIONS:
        search.step()
    left = tuple(part for *_, part, known in search.waiting if not search.excludes(known))
    return Explored(tuple(search.pieces), left)


class Search:
    """What was found and what waits, with the nearest costs so far below the target and above it."""

    def __init__(self, costs: Costs, target: Size) -> None:
        self.costs, self.target = costs, target
        self.pieces: list[Piece] = []
        self.waiting: list[tuple[Size, int, int, range, Bounds | None]] = []
        self.asked = 0
        self.below: Size | None = None
        self.above: Size | None = None

    def wait(self, parts: Iterable[range]) -> None:
        """Ask about the parts later, those first that may be at the target, and small ones."""
        for part in parts:
            self.asked += 1
            try:
                known = bounds(self.costs, part)
            except ConvcostError:
                continue
            if len(part) == 1 and known is not None:
                self._take(Piece(part, (known.low,)))
            elif not self.excludes(known):
                distance = known.distance(self.target) if known else 0
                heappush(self.waiting, (distance, len(part), self.asked, part, known))

    def excludes(self, known: Bounds | None) -> bool:
        """Whether costs within these bounds are further from the target than what was found."""
        if known is None:
            return False
        too_low = self.below is not None and known.high < self.below
        return too_low or (self.above is not None and known.low > self.above)

    def step(self) -> None:
        """Ask about the part that waits in front."""
        *_, part, known = heappop(self.waiting)
        if self.excludes(known):
            return
        self.asked += 1
        try:
            cost = coefficients(self.costs(along(part)))
        except SplitError as split:
            self.wait(split.parts)
        except BeyondError:
            self.wait(halves(part))
        except ConvcostError:
            return
        else:
            self._confirm(part, cost)

    def _confirm(self, part: range, cost: Coefficients) -> None:
        piece = Piece(part, cost)
        hits = (hits for hits in nearest((piece,), self.target) if hits)
        wanted = (hit for hit in hits if not self.excludes(Bounds(hit.cost, hit.cost)))
        if all(self._costs(size, hit.cost) for hit in wanted for size in {hit.smallest, hit.largest}):
            self._take(piece)
        else:
            self.wait(halves(part))

    def _costs(self, size: Size, cost: Size) -> bool:
        try:
            return self.costs(size) == cost
        except ConvcostError:
            return False

    def _take(self, piece: Piece) -> None:
        self.pieces.append(piece)
        below, _, above = nearest((piece,), self.target)
        if below and (self.below is None or below.cost > self.below):
            self.below = below.cost
        if above and (self.above is None or above.cost < self.above):
            self.above = above.cost


def halves(sizes: range) -> tuple[range, ...]:
    """The first half and the rest; a single size is left as it is."""
    middle = len(sizes) // 2
    return tuple(part for part in (sizes[:middle], sizes[middle:]) if part)
