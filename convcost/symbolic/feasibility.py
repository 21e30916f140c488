"""Whether some sizes fulfil all that is assumed: shown by finding some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import Any

from convcost.symbolic.constraints import Constraint
from convcost.symbolic.formula import terms_of
from convcost.symbolic.substitution import names_in, substitute
from convcost.symbolic.terms import Monomial, rank

Point = dict[str, int]

USUAL = (720_720, 64, 3, 1)
"""Sizes that many others divide, and small ones."""

MOST_POINTS = 120

MOST_CHECKS = 2_000
"""Assumptions are checked no more often than this; with many of them fewer points are tried."""

REPAIRS = 3

MOST_ENLARGED = 12

LARGEST_TRIED = 10**9


def is_fulfillable(needs: Sequence[Constraint]) -> bool:
    """Whether sizes are found that fulfil all `needs`; those that are hard to find count as none."""
    names = sorted(frozenset[str]().union(*(names_in(need.formula) for need in needs)))
    points = _points(names, min(MOST_POINTS, 1 + MOST_CHECKS // (REPAIRS * len(needs))))
    return any(_is_fulfilling(_repaired(point, needs), needs) for point in points)


def _is_fulfilling(point: Point, needs: Sequence[Constraint]) -> bool:
    return all(_is_fulfilled(need, point) for need in needs)


def _is_fulfilled(need: Constraint, point: Point) -> bool:
    value = _value(need.formula, point)
    match need.relation:
        case "nonnegative":
            return value is not None and bool(value >= 0)
        case "zero":
            return bool(value == 0)
        case "whole":
            return value is not None and bool(value.denominator == 1)


def _value(formula: Any, point: Point) -> Any:
    try:
        return substitute(formula, point)
    except ZeroDivisionError:
        return None


def _points(names: Sequence[str], count: int) -> Iterator[Point]:
    """The usual sizes in every mixture, and small ones."""
    random = Random(0)
    for _ in range(count):
        top = random.choice(USUAL)
        yield {name: random.choice((top, *USUAL, random.randint(1, 12))) for name in names}


def _repaired(point: Point, needs: Sequence[Constraint]) -> Point:
    """`point` with single sizes changed so that more of `needs` hold."""
    for _ in range(REPAIRS):
        for need in needs:
            value = _value(need.formula, point)
            if value is not None and not _is_fulfilled(need, point):
                change = _made_whole if need.relation == "whole" else _balanced
                point = change(point, need.formula, Fraction(value))
    return point


def _made_whole(point: Point, formula: Any, value: Fraction) -> Point:
    """`point` with one size multiplied or enlarged so that a quotient of it is whole, if that helps."""
    for name in sorted(names_in(formula)):
        enlarged = min(point[name] * value.denominator, LARGEST_TRIED)
        for size in (enlarged, *range(point[name] + 1, point[name] + MOST_ENLARGED)):
            found = _value(formula, {**point, name: size})
            if found is not None and found.denominator == 1:
                return {**point, name: size}
    return point


def _balanced(point: Point, formula: Any, value: Fraction) -> Point:
    """`point` with one size of a sum changed so that the sum is 0 there, or just above."""
    for monomial, factor in sorted(terms_of(formula).items(), key=lambda term: rank(term[0])):
        name = _alone(monomial)
        size = point[name] - value / factor if name else 0
        if 1 <= size <= LARGEST_TRIED:
            return {**point, name: ceil(size) if factor > 0 else floor(size)}
    return point


def _alone(monomial: Monomial) -> str:
    """The one size that a monomial is, if it is one."""
    if len(monomial) != 1:
        return ""
    [(atom, power)] = monomial
    return atom.inner if atom.kind == "name" and power == 1 else ""
