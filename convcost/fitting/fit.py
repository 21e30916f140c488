"""From what is asked to what fits: one size on both sides of the target, or two below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from convcost.errors import ConvcostError
from convcost.fitting.design import Design
from convcost.fitting.pairs import Pairs, untried
from convcost.matching import Choice, Match
from convcost.quantities import Size
from convcost.symbols.nearest import MOST_TIES, Hits, nearest
from convcost.symbols.search import sought


def fit_one(design: Design, asked: Match) -> Match:
    """`asked` with the values of its one size that bring `design` nearest to the target."""
    ((name, bounds),) = asked.ranges.items()
    explored = sought(bounds.sizes(name), lambda size: design.cost(**{name: size}), asked.target)
    found = nearest(explored, asked.target)

    def choice(size: Size) -> Choice:
        return design.choice({name: size}, asked.target)

    best = found.closest(asked.target)
    return replace(
        asked,
        best=tuple(choice(size) for hits in best for size in hits.first()),
        below=choice(found.below.largest) if found.below else None,
        above=choice(found.above.smallest) if found.above else None,
        complete=not explored.untried,
        notes=(*_ties(name, best), *untried(name, explored)),
    )


def _ties(name: str, best: Iterable[Hits]) -> Iterator[str]:
    for hits in best:
        if hits.number > MOST_TIES:
            yield (
                f"{hits.number:,} values of {name} cost the same, from {hits.smallest:,} to "
                f"{hits.largest:,}; the first {MOST_TIES} are listed."
            )


def fit_two(design: Design, asked: Match) -> Match:
    """`asked` with the pairs within the target of which neither size can grow without the other's loss."""
    pairs = Pairs(design, asked.target, {name: bounds.sizes(name) for name, bounds in asked.ranges.items()})
    values, complete, notes = pairs.tried()
    found = pairs.whole(values) if complete else pairs.sampled(values)
    choices = tuple(
        design.choice(dict(zip(asked.vary, pair, strict=True)), asked.target) for pair in sorted(found)
    )
    least = min((abs(choice.difference) for choice in choices), default=0)
    return replace(
        asked,
        best=tuple(choice for choice in choices if abs(choice.difference) == least),
        choices=choices,
        complete=complete and not pairs.cut,
        notes=(*notes, *pairs.cut),
    )


def reason(design: Design, asked: Match) -> str:
    """Why nothing fits: what is wrong with the least sizes."""
    least = {name: bounds.sizes(name)[0] for name, bounds in asked.ranges.items()}
    shown = ", ".join(f"{name} = {size:,}" for name, size in least.items())
    try:
        choice = design.choice(least, asked.target)
    except ConvcostError as error:
        return f"With {shown}: {error.message}."
    return f"{shown} already cost {choice.cost:,}."
