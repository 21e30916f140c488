"""Which sizes of a progression bring a cost nearest to a target: exact, by signs of polynomials.

A cost is a function that takes a size and raises ConvcostError where the size is not possible. It is asked
about a stretch of sizes at once, and about parts of it where it answers with SplitError.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TypeAlias

from convcost.errors import ConvcostError
from convcost.quantities import Size
from convcost.symbols.along import along, coefficients
from convcost.symbols.division import BeyondError, SplitError
from convcost.symbols.nearest import Explored, Piece, nearest

Costs: TypeAlias = Callable[[Size], Size]

MOST_QUESTIONS = 2000
"""What a search asks a cost at most; sizes that are left then were not tried."""

MOST_SINGLE = 1000
"""Sizes that are asked about one by one where a cost is no polynomial."""


def explore(sizes: range, costs: Costs, target: Size) -> Explored:
    """What `sizes` cost, those left out that are not possible; where `target` seems to be comes first."""
    pieces: list[Piece] = []
    untried: list[range] = []
    waiting = [(0, (0, 0), sizes)]
    for question in range(MOST_QUESTIONS):
        if not waiting:
            break
        *_, part = heappop(waiting)
        try:
            pieces.append(Piece(part, coefficients(costs(along(part)))))
            continue
        except SplitError as split:
            parts = split.parts
        except BeyondError:
            parts = singles(part[:MOST_SINGLE])
            untried.append(part[MOST_SINGLE:])
        except ConvcostError:
            continue
        for number, smaller in enumerate(parts):
            heappush(waiting, (_distance(smaller, costs, target), (question, number), smaller))
    return Explored(
        tuple(pieces), tuple(part for part in (*untried, *(entry[2] for entry in waiting)) if part)
    )


def singles(sizes: range) -> tuple[range, ...]:
    """Each of `sizes` as a range of its own."""
    return tuple(sizes[place : place + 1] for place in range(len(sizes)))


def _distance(sizes: range, costs: Costs, target: Size) -> int:
    """How far `target` is from the costs between the first size and the last."""
    first, last = _cost(costs, sizes[0]) or 0, _cost(costs, sizes[-1])
    return 0 if last is None else max(0, min(first, last) - target, target - max(first, last))


def _cost(costs: Costs, size: Size) -> Size | None:
    try:
        return costs(size)
    except ConvcostError:
        return None


def sought(sizes: range, costs: Costs, target: Size) -> Explored:
    """What was explored, once the nearest to `target` hold when asked about as plain numbers.

    A piece whose answer does not hold is asked about size by size.
    """
    explored = explore(sizes, costs, target)
    while (wrong := _unconfirmed(explored, costs, target)) is not None:
        explored = _singly(explored, wrong, costs)
    return explored


def _unconfirmed(explored: Explored, costs: Costs, target: Size) -> Size | None:
    for hits in nearest(explored, target):
        if hits is None:
            continue
        for size in (hits.smallest, hits.largest, *hits.first()):
            if _cost(costs, size) != hits.cost:
                return size
    return None


def _singly(explored: Explored, wrong: Size, costs: Costs) -> Explored:
    piece = next(piece for piece in explored.pieces if wrong in piece.sizes)
    asked = singles(piece.sizes[:MOST_SINGLE])
    costing = ((size, _cost(costs, size[0])) for size in asked)
    others = tuple(other for other in explored.pieces if other is not piece)
    left = piece.sizes[MOST_SINGLE:]
    return Explored(
        (*others, *(Piece(size, (cost,)) for size, cost in costing if cost is not None)),
        (*explored.untried, *((left,) if left else ())),
    )
