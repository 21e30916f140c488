import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from sympy import Rational, floor, sqrt

from convcost import compare
from convcost.report import Assumption
from convcost.symbols.breakeven import break_even
from convcost.symbols.symbol import symbol

E, K, L = map(symbol, "EKL")


def sign(number):
    return (number > 0) - (number < 0)


def test_the_founding_pair_crosses_at_five_thirds():
    found = break_even(20 * E**2, 12 * L * E**2)
    assert (found.size, found.crossings, found.signs) == ("L", (Rational(5, 3),), (-1, 1))


def test_a_ratio_without_sizes_never_crosses():
    assert break_even(2 * L * E**2, 12 * L * E**2).signs == (1,)


def test_several_sizes_give_a_condition():
    assert break_even(20 * E * K, 6 * E * L).condition() == "3·L < 10·K"


def test_a_root_that_is_no_fraction_stays_exact():
    assert break_even(10 * L, L**2 + 3).crossings == (5 - sqrt(22), 5 + sqrt(22))


def test_with_a_rounding_the_first_whole_number_of_the_new_order_is_found():
    found = break_even(20 * E, 12 * E * floor((L + 1) / 2))
    assert (found.crossings, found.signs, found.exact) == ((3,), (-1, 1), False)


@given(*[st.integers(-30, 30)] * 4)
def test_the_signs_between_the_crossings_are_those_of_the_difference(a, b, c, d):
    found = break_even(a * L + b, c * L**2 + d)
    if found.difference is not None:
        reject()
    for size in range(1, 60):
        order = sum(1 for crossing in found.crossings if crossing < size)
        if size not in found.crossings:
            assert found.signs[order] == sign(c * size**2 + d - a * size - b)


@pytest.mark.parametrize("limit", [3, 10**6, 10**11])
def test_a_far_crossing_is_found_by_doubling(limit):
    assert break_even(limit + 0 * L, 2 * floor(L / 2)).crossings[-1] > limit


def test_crossings_below_the_least_size_that_is_assumed_do_not_count():
    least = Assumption("L ≥ 3", "nonnegative", L - 3)
    found = break_even(5 * E, 2 * L * E).from_least((least,))
    assert (found.signs, found.crossings) == ((1,), ())


def test_whole_numbers_between_two_crossings_are_told_one_by_one():
    first, second = compare(
        "Conv1d(E, 2E, 6, stride=2, dilation=2)",
        "Conv1d(E, 2E, 2, padding=2, dilation=2)",
        **{"B": 1, "S": 1, "E": 72},
    ).candidates
    found = break_even(first.flops, second.flops)
    for length in range(11, 60):
        order = sum(1 for crossing in found.crossings if crossing <= length)
        difference = second.subs(L=length).flops - first.subs(L=length).flops
        assert found.signs[order] == sign(difference)
