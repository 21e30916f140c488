from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from sympy import Integer, Rational, floor, sqrt

from convcost import compare
from convcost.core.errors import UsageError
from convcost.core.report import Assumption
from convcost.symbolic.breakeven import break_even, has_closed_form, is_at_most, is_equal
from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate
from convcost.symbolic.sympy_text import readable

E, K, L = map(symbol, "EKL")

PARTS = st.sampled_from([1, E, L, E * L, E**2, L**2, floor(L / 2), floor((L + 1) / 2), floor((E * L) / 3)])
FORMULAS = st.lists(st.tuples(st.integers(-3, 3), PARTS), min_size=1, max_size=3).map(
    lambda terms: sum((factor * part for factor, part in terms), E - E)
)
POINTS = [{E: e, L: l_} for e in range(1, 7) for l_ in range(1, 9)]


def sign(number):
    return (number > 0) - (number < 0)


def at_least(size, least):
    return (Assumption(f"{size} ≥ {least}", "nonnegative", size - least),)


def test_the_founding_pair_crosses_at_five_thirds():
    found = break_even(20 * E**2, 12 * L * E**2)
    assert (found.size, found.crossings, found.signs) == ("L", (Rational(5, 3),), (-1, 1))


def test_a_ratio_without_sizes_never_crosses():
    assert break_even(2 * L * E**2, 12 * L * E**2).signs == (1,)


def test_several_sizes_give_a_condition():
    assert break_even(20 * E * K, 6 * E * L).condition.text(readable) == "3·L < 10·K"


def test_a_condition_has_no_factor_that_decides_nothing():
    first, second = (E + 1) * (3 * K - 1) * 5 * K, (E + 1) * (3 * K - 1) * 3 * L
    assert break_even(first.expand(), second.expand()).condition.text(readable) == "3·L < 5·K"


def test_a_root_that_is_no_fraction_stays_exact():
    assert break_even(10 * L, L**2 + 3).crossings == (5 + sqrt(22),)


def test_a_root_of_a_cubic_without_a_closed_form_is_known_as_such():
    [crossing] = break_even(L**3, L**2 + 9 * L + 900).crossings
    assert not has_closed_form(crossing)
    assert float(crossing) == pytest.approx(10.321, abs=1e-3)


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


@given(st.integers(1, 4), *[st.integers(-9, 9)] * 4)
def test_whatever_is_said_of_several_sizes_holds(least, a, b, c, d):
    difference = a * K * L + b * K + c * L + d
    found = break_even(Integer(0), difference, at_least(L, least))
    for kernel, length in product(range(1, 13), range(least, least + 12)):
        sizes = {"K": kernel, "L": length}
        told = sign(a * kernel * length + b * kernel + c * length + d)
        if found.size:
            passed = [crossing for crossing in found.crossings if crossing <= sizes[found.size]]
            assert sizes[found.size] in passed or found.signs[len(passed)] == told
        elif found.difference is None:
            assert found.signs == (told,)
        else:
            assert sign(evaluate(found.difference, sizes)) == told
            assert not found.signs or told in (0, *found.signs)


@pytest.mark.parametrize("limit", [3, 10**6, 10**11])
def test_a_far_crossing_is_found_by_doubling(limit):
    assert break_even(limit + 0 * L, 2 * floor(L / 2)).crossings[-1] > limit


def test_crossings_below_the_least_size_that_is_assumed_do_not_count():
    found = break_even(5 * E, 2 * L * E, at_least(L, 3))
    assert (found.signs, found.crossings) == ((1,), ())


def test_at_a_crossing_at_the_least_size_both_are_alike_and_nothing_is_below():
    found = break_even(5 * E, L * E, at_least(L, 5))
    assert (found.signs, found.crossings) == ((0, 1), (5,))


def test_a_size_that_is_a_multiple_is_at_least_what_it_is_a_multiple_of():
    multiple = (Assumption("4 divides L", "whole", L / 4),)
    assert break_even(3 * E, L * E, multiple).signs == (1,)


def test_a_condition_that_sizes_never_fulfil_is_none():
    found = break_even(Integer(1), K * L)
    assert (found.signs, found.condition, found.equality.text(readable)) == ((1,), None, "K·L = 1")


def test_a_condition_that_the_assumptions_rule_out_is_none():
    found = break_even(2 * E, K * L * E, at_least(L, 3))
    assert (found.signs, found.condition, found.equality) == ((1,), None, None)


def test_where_the_costs_only_touch_they_are_alike():
    found = break_even(10 * L, L**2 + 25)
    assert (found.signs, found.crossings) == ((1, 1), (5,))


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


def test_a_rounding_of_what_is_assumed_to_be_positive_is_not_negative():
    longer = (Assumption("L ≥ K", "nonnegative", L - K),)
    found = break_even(K * floor((L - K) / 2) + K, Integer(1), longer)
    assert (found.signs, found.equality.text(readable)) == ((-1,), "K·⌊(L − K)/2⌋ + K = 1")


def test_a_sign_that_changes_for_ever_is_told_as_a_condition():
    found = break_even(6 * floor(L / 2), 3 * L - 1)
    assert (found.signs, found.size, found.crossings) == ((), "", ())
    assert found.condition.text(readable) == "3·L < 6·⌊L/2⌋ + 1"


DENSE, CONV = "dense = [B, S, L*E] -> Linear(L*E, E)", "conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"


def test_a_comparison_has_break_even_points_by_quantity():
    comparison = compare(DENSE, CONV)
    found = comparison.break_evens(comparison.candidates[1])
    assert list(found) == ["flops", "params", "activations"]
    assert found["flops"] == comparison.break_even("flops", comparison.candidates[1])
    assert (found["flops"].size, found["flops"].crossings, found["flops"].signs) == ("", (), (1,))
    assert found["params"].condition.text(readable) == "6·E + 1 < E·L"


def test_a_comparison_of_numbers_has_an_order_and_no_crossings():
    comparison = compare(DENSE, CONV, B=1, S=1, E=8, L=4)
    found = comparison.break_even("params", comparison.candidates[1])
    assert (found.signs, found.size, found.condition) == ((1,), "", None)


def test_where_inputs_are_of_one_size_the_ratio_of_flops_is_known():
    comparison = compare("a = [1, E] -> Linear(E, 2)", "b = [2, 5] -> Linear(5, 3)")
    found = comparison.equal_inputs(comparison.candidates[1])
    assert found == ("E", 10, Fraction(3, 2))
    comparison = compare(DENSE, CONV)
    assert comparison.equal_inputs(comparison.candidates[1]) is None


def test_a_constant_ratio_is_that_where_inputs_are_of_one_size():
    comparison = compare("a = [1, E, 5] -> Conv1d(E, E, 3)", "b = [7, E, 5] -> Conv1d(E, 2E, 3, groups=1)")
    assert comparison.equal_inputs(comparison.candidates[1]) is None
    comparison = compare("a = [1, 3] -> Linear(3, 4*E)", "b = [E, 1] -> Linear(1, 6)")
    assert comparison.equal_inputs(comparison.candidates[1]) == ("E", 3, Fraction(1, 2))


def test_a_quantity_that_there_is_not_has_no_break_even_points():
    comparison = compare(DENSE, CONV)
    with pytest.raises(UsageError, match="no quantity is called flop"):
        comparison.break_even("flop", comparison.candidates[1])


@given(FORMULAS, FORMULAS)
def test_equal_formulas_are_equal_at_all_tried_sizes_and_others_differ_somewhere(first, second):
    answer = is_equal(first, second, ())
    tried = {bool((first - second).subs(point) == 0) for point in POINTS}
    assert answer == {True: "yes", False: "no"}[tried == {True}]


@given(FORMULAS, FORMULAS)
def test_a_formula_at_most_another_is_so_at_all_tried_sizes(first, second):
    answer = is_at_most(first, second, ())
    tried = {bool((first - second).subs(point) <= 0) for point in POINTS}
    assert answer != "yes" or tried == {True}
    assert answer != "no" or tried != {True} or not _is_bounded(first - second)
    assert answer == "no" or tried == {True}


def _is_bounded(difference):
    """Whether larger sizes than those tried can't make another answer."""
    return all(difference.subs({E: 100 * e, L: 100 * l_}) <= 0 for e in (1, 7) for l_ in (1, 7))


def test_an_assumption_can_make_a_formula_at_most_another():
    assert is_at_most(2 * E, E * L, ()) == "no"
    assert is_at_most(2 * E, E * L, at_least(L, 2)) == "yes"


@pytest.mark.parametrize("most", [E * L + floor(L / 7) * (E - 3) ** 2 + 9 * E, (E - L) ** 2 + 1])
def test_what_can_not_be_proved_or_refuted_is_unknown(most):
    assert is_at_most(E - E, most, ()) in ("yes", "unknown")
