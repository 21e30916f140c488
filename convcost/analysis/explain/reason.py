"""Why one design costs as many times the MACs of another as it does: the loops that they do not share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from convcost.analysis.explain.arithmetic import counted, divided, factors, names_in
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.steps import Equation, Factor, Line, Loop, Sentence, number
from convcost.core.arithmetic import elements
from convcost.core.cost import Size

MOST_FACTORS = 4
"""More left-over factors are no reason that a reader can hold in mind."""

ALIKE = "the other loops are alike."


class Term(NamedTuple):
    """A loop, or repeated layers, and the factors of its extent that the other side lacks."""

    loop: Loop
    left: tuple[Any, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was cancelled."""
        return self.left == factors(self.loop.named)


class Sides(NamedTuple):
    """The terms of a quotient."""

    above: list[Term]
    below: list[Term]


def reason(
    first: tuple[Group, ...], other: tuple[Group, ...], ratio: Any, sizes: Mapping[str, Size]
) -> Iterator[Line]:
    """`ratio` as the loops that only one side has, or else as a formula in the names of sizes."""
    told = _told(first, other, ratio, sizes)
    if told:
        yield told
        return
    named = divided(*(sum(each.times * each.named.cost.macs for each in side) for side in (other, first)))
    if named != ratio:
        yield Equation((number(named), number(Factor(ratio))), "ratio of MACs")


def _told(
    first: tuple[Group, ...], other: tuple[Group, ...], ratio: Any, sizes: Mapping[str, Size]
) -> Line | None:
    """The sentence, if each side has one kind of contraction and what is left of them says it all."""
    above, below = ([group for group in side if group.row.contracts] for side in (other, first))
    if len(above) != 1 or len(below) != 1:
        return None
    sides = _without_common(Sides(_terms(above[0]), _terms(below[0])))
    values = [[_value(term, sizes) for term in side] for side in sides]
    if len(sides.above + sides.below) > MOST_FACTORS or None in (*values[0], *values[1]):
        return None
    if divided(*(elements(tuple(side)) for side in values)) != ratio:
        return None
    alone = elements(tuple(factor for term in sides.below for factor in term.left))
    return _sentence(sides, values, ratio, divided(below[0].times * below[0].named.cost.macs, alone))


def _terms(group: Group) -> list[Term]:
    layers = Loop("layer", group.times, group.times)
    return [Term(loop, factors(loop.named)) for loop in (layers, *group.loops)]


def _without_common(sides: Sides) -> Sides:
    """Without loops that are alike, and then without the names of sizes that both sides multiply."""
    alike = set(map(_identity, sides.above)) & set(map(_identity, sides.below))
    above, below = ([term for term in side if _identity(term) not in alike] for side in sides)
    common = _names(above) & _names(below)
    return Sides(_reduced(above, common.copy()), _reduced(below, common.copy()))


def _identity(term: Term) -> tuple[str, Size]:
    return term.loop.name, term.loop.named


def _names(terms: list[Term]) -> Counter[Any]:
    return Counter(name for term in terms for name in names_in(term.loop.named))


def _reduced(terms: list[Term], common: Counter[Any]) -> list[Term]:
    reduced = []
    for term in terms:
        left = []
        for factor in term.left:
            if common[factor] > 0:
                common[factor] -= 1
            elif factor != 1:
                left.append(factor)
        reduced.append(term._replace(left=tuple(left)))
    return [term for term in reduced if term.left and term.loop.extent != 1]


def _value(term: Term, sizes: Mapping[str, Size]) -> Any:
    """What is left of `term` as a number where its sizes have one; None where it is not known."""
    if term.is_whole:
        return term.loop.extent
    values = tuple(factor if isinstance(factor, int) else sizes.get(str(factor), 0) for factor in term.left)
    return None if 0 in values else elements(values)


def _sentence(sides: Sides, values: list[list[Any]], ratio: Any, shared: Any) -> Line:
    above, below = (list(map(_words, *pair)) for pair in zip(sides, values, strict=True))
    quotient = " ÷ ".join((" × ".join(above) or "1", *below))
    is_named = not isinstance(shared, int)
    common, rest = ("the other factors, {}, are in both.", (shared,)) if is_named else (ALIKE, ())
    result = ratio if isinstance(ratio, int) else Factor(ratio)
    return Sentence(f"{quotient} = {{}}; {common}", (*values[0], *values[1], result, *rest))


def _words(term: Term, value: Any) -> str:
    return f"{{}} {counted(value, term.loop.name)}" if term.is_whole else f"{{}} (of {term.loop.name})"
