"""Two sizes at once: the pairs within a target that no other pair with one of the same sizes outdoes.

A pair outdoes another with which it shares a size where it costs more and still keeps within the target; of
two that cost the same, the one with the smaller sizes does. Where cost grows with both sizes, those are the
pairs of which neither size can grow without the other's loss; where it falls as a size grows, such as a
stride, the smaller value counts as the one to be had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.search.nearest_pair import Around, around
from convcost.search.pair_search import Pair, Plane, Spot

MOST_TRIED = 512
"""Values of one size that are all tried with the other; where there are more, SAMPLED of each are."""

SAMPLED = 24

MOST_ASKED = 7000
"""Costs that are worked out in search of all pairs of a single layer; of several, as many fewer."""

SOME_ASKED = 2500
"""In search of some pairs, and in search of what is next to the target."""


class Survey(NamedTuple):
    """Pairs that nothing outdoes, all of them if `complete`, and what costs next to the target."""

    pairs: tuple[Pair, ...]
    complete: bool
    around: Around


def survey(plane: Plane) -> Survey:
    """The pairs within the plane's target, and what is next to it."""
    layers = plane.design.weight
    some = SOME_ASKED // layers
    values = {name: plane.possible(name) for name in plane.names}
    name = min(plane.names, key=lambda name: len(values[name]))
    found = _every(plane, name, values[name], plane.asked + MOST_ASKED // layers)
    complete = found is not None and not plane.cut
    if found is None:
        found = _some(plane, plane.asked + some)
    nearest = around(plane, name, plane.asked + some, until_equal=not complete)
    if nearest.within and not complete:
        found.add(_climbed(plane, name, nearest.within))
    return Survey(tuple(sorted(found)), complete, nearest)


def _every(plane: Plane, name: str, values: range, most: int) -> set[Pair] | None:
    """Every pair that nothing outdoes; None where they are too many to try."""
    if len(values) > MOST_TRIED:
        return None
    found = set()
    for size in values:
        spot = plane.first(name, size)
        if spot and _across(plane, name, spot) == spot:
            found.add(spot.sizes)
        if plane.asked > most:
            return None
    return found


def _across(plane: Plane, name: str, spot: Spot) -> Spot | None:
    """The first one where the size that is not `name` is that of `spot`."""
    other = plane.other(name)
    return plane.first(other, spot.sizes[plane.names.index(other)])


def _some(plane: Plane, most: int) -> set[Pair]:
    """Pairs spread over both ranges, and once more over what these show to be within the target."""
    found = _spread(plane, plane.ranges, most)
    if found:
        found |= _spread(plane, {name: _spanned(plane, name, found) for name in plane.names}, most)
    return found


def _spread(plane: Plane, ranges: Mapping[str, range], most: int) -> set[Pair]:
    found = set()
    for name, sizes in ranges.items():
        for size in spread(sizes, SAMPLED):
            spot = plane.first(name, size) if plane.asked < most else None
            if spot:
                found.add(_climbed(plane, name, spot))
    return found


def _spanned(plane: Plane, name: str, found: Iterable[Pair]) -> range:
    values = [pair[plane.names.index(name)] for pair in found]
    return range(min(values), max(values) + 1, plane.ranges[name].step)


def _climbed(plane: Plane, name: str, spot: Spot) -> Pair:
    """From the first one where `name` is its size, by turns along both sizes, to one that nothing outdoes."""
    while (better := _across(plane, name, spot)) and _rank(better) < _rank(spot):
        name, spot = plane.other(name), better
    return spot.sizes


def _rank(spot: Spot) -> tuple[Size, Pair]:
    return -spot.cost, spot.sizes


def spread(sizes: range, count: int) -> list[Size]:
    """About `count` of `sizes`, from the first to the last, in equal ratios."""
    places = {int(len(sizes) ** (step / (count - 1))) - 1 for step in range(count - 1)}
    return [sizes[place] for place in sorted(places | {len(sizes) - 1})]
