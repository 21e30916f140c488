"""Two sizes at once: the pairs within a budget of which neither size can grow without the other's loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from convcost.fitting.design import Design
from convcost.quantities import Size
from convcost.symbols.nearest import Explored, largest_within
from convcost.symbols.search import explore

MOST_TRIED = 256
"""Values of one size that are tried with the best of the other; where there are more, SAMPLED of them are."""

SAMPLED = 24

Pair: TypeAlias = tuple[Size, Size]


class Pairs:
    """The pairs of two sizes within a budget; `cut` says where the search was not complete."""

    def __init__(self, design: Design, budget: Size, ranges: Mapping[str, range]) -> None:
        self.design, self.budget, self.ranges = design, budget, ranges
        self.names = tuple(ranges)
        self.cut: dict[str, None] = {}

    def other(self, name: str) -> str:
        """The size that is not `name`."""
        return self.names[1 - self.names.index(name)]

    def most(self, name: str, size: Size) -> Size | None:
        """The largest value of `name` that the budget has room for where the other one is `size`."""
        other = self.other(name)

        def cost(running: Size) -> Size:
            return self.design.cost(**{name: running, other: size})

        explored = explore(self.ranges[name], cost, self.budget)
        self.cut |= dict.fromkeys(untried(name, explored))
        return largest_within(explored, self.budget)

    def tried(self) -> tuple[Tried, bool, tuple[str, ...]]:
        """Which values of which size to try, whether these are all there are, and what to say of it."""
        name = min(self.names, key=lambda name: len(self.ranges[name]))
        if len(self.ranges[name]) <= MOST_TRIED:
            return Tried(name, self.ranges[name]), True, ()
        within = {name: self._affordable(name) for name in self.names}
        name = min(self.names, key=lambda name: len(within[name]))
        other, values = self.other(name), within[name]
        least = self.ranges[other][0]
        if len(values) <= MOST_TRIED:
            last = values[-1] if values else self.ranges[name][0]
            said = (
                f"{name} beyond {last:,} was not tried: where {other} is {least:,}, "
                f"it is not possible or exceeds the target."
            )
            return Tried(name, values), True, (said,)
        said = f"There are more choices; these are spread over {name} up to {values[-1]:,}."
        return Tried(name, values), False, (said,)

    def _affordable(self, name: str) -> range:
        """The values of `name` up to what the budget has room for where the other size is at its least."""
        sizes = self.ranges[name]
        most = self.most(name, self.ranges[self.other(name)][0])
        return sizes[:0] if most is None else sizes[: sizes.index(most) + 1]

    def whole(self, tried: Tried) -> list[Pair]:
        """All pairs to which no other is at least as large in both, from every value tried."""
        found, largest = [], -1
        for size in reversed(tried.sizes):
            most = self.most(self.other(tried.name), size)
            if most is not None and most > largest:
                largest = most
                found.append(self._pair(tried.name, size, most))
        return found

    def sampled(self, tried: Tried) -> list[Pair]:
        """Such pairs spread evenly by ratio, where cost grows with both sizes."""
        found = set()
        for size in spread(tried.sizes, SAMPLED):
            most = self.most(self.other(tried.name), size)
            largest = None if most is None else self.most(tried.name, most)
            if most is not None and largest is not None:
                found.add(self._pair(tried.name, largest, most))
        return list(found)

    def _pair(self, name: str, size: Size, other: Size) -> Pair:
        return (size, other) if name == self.names[0] else (other, size)


class Tried(NamedTuple):
    """Values of the size called `name`."""

    name: str
    sizes: range


def spread(sizes: range, count: int) -> list[Size]:
    """About `count` of `sizes`, from the first to the last, in equal ratios."""
    places = {int(len(sizes) ** (step / (count - 1))) - 1 for step in range(count - 1)}
    return [sizes[place] for place in sorted(places | {len(sizes) - 1})]


def untried(name: str, explored: Explored) -> Iterator[str]:
    """What to say of sizes that were not tried."""
    if explored.first_untried is not None:
        yield f"The search was cut short: {name} was not tried everywhere from {explored.first_untried:,} on."
