"""From what is asked to what fits: one size, or two at once."""

from __future__ import annotations

from dataclasses import replace

from convcost.core.cost import Size
from convcost.core.match import Choice, Match
from convcost.search.design import Design
from convcost.search.notes import ties, unlisted, untried
from convcost.search.pair_search import Plane
from convcost.search.pairs import survey
from convcost.symbolic.nearest import nearest
from convcost.symbolic.search import sought


def fit_one(design: Design, asked: Match) -> Match:
    """`asked` with the values of its one size that bring `design` nearest to the target."""
    ((name, bounds),) = asked.ranges.items()
    explored = sought(bounds.sizes(name), lambda size: design.cost({name: size}), asked.target)
    found = nearest(explored.pieces, asked.target)
    within = (found.within,) if found.within else ()
    best = within if asked.at_most else found.closest(asked.target)

    def choice(size: Size) -> Choice:
        return design.choice({name: size}, asked.target)

    return replace(
        asked,
        best=tuple(choice(size) for hits in best for size in hits.first()),
        below=choice(found.below.largest) if found.below else None,
        above=choice(found.above.smallest) if found.above else None,
        complete=not explored.untried,
        notes=(*ties(name, best), *untried(name, explored.first_untried)),
    )


def fit_two(design: Design, asked: Match) -> Match:
    """`asked` with the pairs within the target that no other outdoes, and the one nearest to the target."""
    plane = Plane(design, asked.target, {name: bounds.sizes(name) for name, bounds in asked.ranges.items()})
    found = survey(plane)

    def choice(sizes: tuple[Size, Size]) -> Choice:
        return design.choice(dict(zip(asked.vary, sizes, strict=True)), asked.target)

    choices = tuple(map(choice, found.pairs))
    below, above = (spot and choice(spot.sizes) for spot in (found.around.below, found.around.above))
    best = _nearest(choices if asked.at_most or above is None else (*choices, above))
    is_proven = found.around.proven or any(choice.difference == 0 for choice in best)
    return replace(
        asked,
        best=best,
        below=below if found.around.proven else None,
        above=above if found.around.proven or not best else None,
        choices=choices,
        complete=found.complete and is_proven,
        notes=tuple(unlisted(asked.vary[0], found.pairs, found.complete, is_proven or not best)),
    )


def _nearest(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
    least = min((abs(choice.difference) for choice in choices), default=None)
    return tuple(choice for choice in choices if abs(choice.difference) == least)
