"""The parts of sympy's formulas, however deep they lie: recursion would run into Python's limit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from math import comb, prod
from typing import Any

from sympy import Abs, Add, Dummy, Mul, Pow, floor

LONGEST = 250
"""A formula with more parts is left as it is."""

MOST_EXPANDED = 200
"""So is one with more terms once it is multiplied out."""

HIGHEST_DEGREE = 24
"""And one with higher powers then."""


def inner_first(formula: Any, known: Collection[Any] = ()) -> Iterator[Any]:
    """Every part of `formula` once, behind its own parts; what is in `known` is left out with all in it."""
    seen: set[Any] = set()
    waiting = [(formula, False)]
    while waiting:
        part, is_ready = waiting.pop()
        if is_ready:
            yield part
        elif part not in seen and part not in known:
            seen.add(part)
            waiting.append((part, True))
            waiting += [(inner, False) for inner in part.args]


def with_unknowns(formula: Any, work: Callable[[Any], Any]) -> Any:
    """`work` of `formula` with each ⌊x⌋ and |x| as one unknown: sympy would work on what is in them too."""
    unknowns = {inner: Dummy() for inner in _outermost(formula)}
    if not unknowns:
        return work(formula)
    return work(formula.xreplace(unknowns)).xreplace({unknown: part for part, unknown in unknowns.items()})


def _outermost(formula: Any) -> Iterator[Any]:
    """The roundings and absolute values that are in no other."""
    waiting, seen = [formula], {formula}
    while waiting:
        part = waiting.pop()
        if isinstance(part, floor | Abs):
            yield part
            continue
        inner = [each for each in part.args if each not in seen]
        seen.update(inner)
        waiting += inner


def is_long(formula: Any, most: int = LONGEST) -> bool:
    """Whether a formula has more than `most` parts, as it is or multiplied out; not looked at beyond them."""
    waiting, parts, has_powers = [formula], 0, False
    while waiting and parts <= most:
        parts += 1
        part = waiting.pop()
        has_powers |= isinstance(part, Pow)
        waiting += part.args
    return parts > most or (has_powers and _is_long_expanded(formula))


def _is_long_expanded(formula: Any) -> bool:
    known: dict[Any, tuple[int, int]] = {}
    for part in inner_first(formula):
        known[part] = _expanded(part, [known[inner] for inner in part.args])
    return any(terms > MOST_EXPANDED or degree > HIGHEST_DEGREE for terms, degree in known.values())


def _expanded(part: Any, inner: list[tuple[int, int]]) -> tuple[int, int]:
    """Its terms and its degree by those of its parts; a rounding is one unknown."""
    match part:
        case Add():
            return sum(terms for terms, _ in inner), max(degree for _, degree in inner)
        case Mul():
            return prod(terms for terms, _ in inner), sum(degree for _, degree in inner)
        case Pow(exp=exponent) if exponent.is_Integer:
            (terms, degree), power = inner[0], abs(int(exponent))
            few = min(power, MOST_EXPANDED)
            return comb(terms + few - 1, few) if terms > 1 else 1, degree * power
    return 1, int(part.is_Symbol or bool(part.args))
