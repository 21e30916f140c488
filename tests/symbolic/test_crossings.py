"""Where a formula with roundings changes its sign: against the sign at each of many sizes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Integer, floor

from convcost.symbolic.crossings import crossings, sign_of
from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate

L = symbol("L")
FAR = (997, 10_007, 10**6 + 3, 10**9 + 7)

FACTORS = st.integers(-6, 6)
LINEAR = st.builds(lambda a, b: a * L + b, st.integers(0, 3), st.integers(-9, 9))
SHARES = st.builds(lambda part, number: floor(part / number), LINEAR, st.integers(2, 5))
NESTED = st.builds(
    lambda part, more, number: floor((part + more) / number), SHARES, FACTORS, st.integers(2, 5)
)
INVERSE = st.builds(
    lambda number, more: floor(Integer(number) / (L + more)), st.integers(1, 60), st.integers(0, 3)
)
RATIOS = st.builds(
    lambda a, b, c: floor((a * L + b) / (2 * L + c)), st.integers(1, 5), st.integers(1, 40), st.integers(0, 4)
)
ABSOLUTES = st.builds(lambda part, other: abs(part - other), LINEAR, SHARES)
PARTS = st.one_of(st.just(L), SHARES, NESTED, INVERSE, RATIOS, ABSOLUTES)
TERMS = st.builds(
    lambda factor, first, second: factor * first * second, FACTORS, PARTS, st.one_of(st.just(1), PARTS)
)
FORMULAS = st.builds(
    lambda terms, number: sum(terms, Integer(number)), st.lists(TERMS, min_size=1, max_size=3), FACTORS
)


@settings(max_examples=60)
@given(FORMULAS)
def test_the_sign_is_that_at_every_size(formula):
    found = crossings(formula, L) if formula.has(floor, Abs) else None
    if found is None:
        return
    for size in (*range(1, 200), *FAR):
        number = sum(bool(point <= size) for point in found.points)
        is_root = found.exact and size in found.points
        assert is_root or found.signs[number] == sign_of(evaluate(formula, {"L": size}))


@pytest.mark.parametrize(
    ("formula", "signs", "points"),
    [
        (floor(1000 / L) - 3, (1, 0, -1), (251, 334)),
        (5 * floor(100 / L) - 4 * floor(101 / L) + 1, (1, -1, 1), (101, 102)),
        (floor(L / 2) * floor(L / 3) - 10**20, (-1, 1), (24_494_897_430,)),
        (abs(10 - L) - floor(L / 2), (1, 0, -1, 0, 1), (7, 8, 19, 21)),
        (floor((L + 1) / 2) - floor((L + 2) / 2) - floor(L / 3), (0, -1), (2,)),
    ],
)
def test_the_first_sizes_of_each_sign_are_found(formula, signs, points):
    assert crossings(formula, L)[:2] == (signs, points)


def test_a_sign_that_changes_without_an_end_has_no_crossings():
    assert crossings(2 * floor(L / 2) - L, L) is None
