"""A search for sizes that satisfy all assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil, floor
from random import Random

from convcost.symbolic.constraints import Constraint
from convcost.symbolic.formula import Value
from convcost.symbolic.substitution import names_in, value_at
from convcost.symbolic.terms import Coefficient, monomial_key, size_name, terms_of

Point = dict[str, int]

COMMON_SIZES = (720_720, 64, 3, 1)
"""Sizes with many divisors, and small sizes."""

MOST_POINTS = 120

MOST_CHECKS = 2_000
"""The most checks of assumptions; with many assumptions, fewer points are tried."""

REPAIRS = 3

MOST_ENLARGED = 12

LARGEST_TRIED = 10**9


def is_fulfillable(constraints: Sequence[Constraint]) -> bool:
    """Whether a short search finds sizes that satisfy all `constraints`."""
    names = sorted(frozenset[str]().union(*(names_in(constraint.formula) for constraint in constraints)))
    points = _points(names, min(MOST_POINTS, 1 + MOST_CHECKS // (REPAIRS * len(constraints))))
    return any(_fulfills_all(_repair(point, constraints), constraints) for point in points)


def _fulfills_all(point: Point, constraints: Sequence[Constraint]) -> bool:
    return all(_is_fulfilled(constraint, point) for constraint in constraints)


def _is_fulfilled(constraint: Constraint, point: Point) -> bool:
    value = _value(constraint.formula, point)
    match constraint.relation:
        case "nonnegative":
            return value is not None and bool(value >= 0)
        case "zero":
            return bool(value == 0)
        case "whole":
            return value is not None and bool(value.denominator == 1)


def _value(formula: Value, point: Point) -> Coefficient | None:
    try:
        return value_at(formula, point)
    except ZeroDivisionError:
        return None


def _points(names: Sequence[str], count: int) -> Iterator[Point]:
    """Random points of common and small sizes, the same in each run."""
    random = Random(0)
    for _ in range(count):
        top = random.choice(COMMON_SIZES)
        yield {name: random.choice((top, *COMMON_SIZES, random.randint(1, 12))) for name in names}


def _repair(point: Point, constraints: Sequence[Constraint]) -> Point:
    """`point` with single sizes changed to satisfy more of `constraints`."""
    for _ in range(REPAIRS):
        for constraint in constraints:
            value = _value(constraint.formula, point)
            if value is not None and not _is_fulfilled(constraint, point):
                change = _make_integer if constraint.relation == "whole" else _balance
                point = change(point, constraint.formula, Fraction(value))
    return point


def _make_integer(point: Point, formula: Value, value: Fraction) -> Point:
    """`point` with one size enlarged so that `formula` is an integer; unchanged if none is found."""
    for name in sorted(names_in(formula)):
        enlarged = min(point[name] * value.denominator, LARGEST_TRIED)
        for size in (enlarged, *range(point[name] + 1, point[name] + MOST_ENLARGED)):
            number = _value(formula, {**point, name: size})
            if number is not None and number.denominator == 1:
                return {**point, name: size}
    return point


def _balance(point: Point, formula: Value, value: Fraction) -> Point:
    """`point` with one size changed so that the sum is 0, or just above."""
    for monomial, factor in sorted(terms_of(formula).items(), key=lambda term: monomial_key(term[0])):
        name = size_name(monomial)
        size = point[name] - value / factor if name else 0
        if 1 <= size <= LARGEST_TRIED:
            return {**point, name: ceil(size) if factor > 0 else floor(size)}
    return point
