"""What to say of a match beside its numbers: what was left out, and why nothing fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError
from convcost.core.match import UNITS, Match
from convcost.search.design import Design
from convcost.search.pair_search import Pair
from convcost.symbolic.nearest import MOST_TIES, Hits


def ties(name: str, best: Iterable[Hits]) -> Iterator[str]:
    """That more sizes cost the same than are listed."""
    for hits in best:
        if hits.number > MOST_TIES:
            yield (
                f"{hits.number:,} values of {name} cost the same, from {hits.smallest:,} to "
                f"{hits.largest:,}; the first {MOST_TIES} are listed."
            )


def untried(name: str, first: Size | None) -> Iterator[str]:
    """That sizes were not tried."""
    if first is not None:
        yield f"The search was cut short: {name} was not tried everywhere from {first:,} on."


def unlisted(name: str, pairs: tuple[Pair, ...], complete: bool, proven: bool) -> Iterator[str]:
    """That there are more pairs than those found, and maybe nearer ones; `name` is the first of the two."""
    if pairs and not complete:
        yield (
            f"There are more choices than can be tried; these are spread over {name} from "
            f"{pairs[0][0]:,} to {pairs[-1][0]:,}."
        )
    if not proven:
        yield "Among the pairs that were not tried one may come nearer."


def edges(match: Match) -> Iterator[str]:
    """That the search ended before the target was reached."""
    difference = match.best[0].difference
    beyond = match.above if difference < 0 else match.below
    if not difference or beyond is not None or not match.complete:
        return
    for name, bounds in match.ranges.items():
        sizes = bounds.sizes(name)
        values = {choice.sizes[name] for choice in match.best}
        if values == {sizes[-1]}:
            yield f"{name} = {sizes[-1]:,} is the largest that was tried; a larger one may come nearer."
        elif values == {sizes[0]} and sizes[0] > bounds.multiple_of:
            yield f"{name} = {sizes[0]:,} is the smallest that was tried; a smaller one may come nearer."


def reason(match: Match, design: Design) -> str:
    """Why nothing fits: what the cheapest sizes cost, or what is wrong with the least ones."""
    names = " and ".join(f"{name} {bounds}" for name, bounds in match.ranges.items())
    if match.above:
        cheapest = "the cheapest" if match.complete else "the cheapest found"
        costs = f"{match.above.cost:,} {UNITS[match.metric]}"
        return f"No {names} keeps within the budget: {cheapest}, {listed(match.above.sizes)}, has {costs}."
    least = {name: bounds.sizes(name)[0] for name, bounds in match.ranges.items()}
    try:
        design.cost(least) if design.left_open else design.report(least)
    except ConvcostError as error:
        return f"No {names} is possible. With {listed(least)}: {error.message}."
    return f"No {names} was found before the search was cut short."


def listed(sizes: Mapping[str, Size]) -> str:
    """E = 48, K = 3."""
    return ", ".join(f"{name} = {size:,}" for name, size in sizes.items())
