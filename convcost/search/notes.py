"""What to say of a match beside its numbers: what was left out, and why nothing fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.core.match import UNITS, Match
from convcost.search.design import Design


def edges(match: Match) -> Iterator[str]:
    """That the search ended before the target was reached."""
    difference = match.best[0].difference
    beyond = match.above if difference < 0 else match.below
    if not difference or beyond is not None:
        return
    for name, sizes in match.searched.items():
        values = {choice.sizes[name] for choice in match.best}
        if values == {sizes[-1]}:
            yield f"{name} = {sizes[-1]:,} is the largest that was tried; a larger one may come nearer."
        elif values == {sizes[0]} and sizes[0] > sizes.step:
            yield f"{name} = {sizes[0]:,} is the smallest that was tried; a smaller one may come nearer."


def reason(match: Match, design: Design) -> str:
    """Why nothing fits: what the cheapest sizes cost, or what is wrong with the least ones."""
    names = " and ".join(f"{name} {bounds}" for name, bounds in match.ranges.items())
    if match.above:
        cheapest = f"{listed(match.above.sizes)}, has {match.above.cost:,} {UNITS[match.metric]}"
        return f"No {names} keeps within the budget: the cheapest, {cheapest}."
    least = {name: sizes[0] for name, sizes in match.searched.items()}
    try:
        design.cost(least) if design.left_open else design.report(least)
    except ConvcostError as error:
        return f"No {names} is possible. With {listed(least)}: {error.message}."
    return f"No {names} is possible."


def listed(sizes: Mapping[str, Size]) -> str:
    """E = 48, K = 3."""
    return ", ".join(f"{name} = {size:,}" for name, size in sizes.items())
