"""What is said to hold for all sizes, against trying many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import floor, symbols

from convcost.core.report import Assumption
from convcost.symbolic.implication import is_at_most, is_equal

E, L = symbols("E L", integer=True, positive=True)

PARTS = st.sampled_from([1, E, L, E * L, E**2, L**2, floor(L / 2), floor((L + 1) / 2), floor((E * L) / 3)])
FORMULAS = st.lists(st.tuples(st.integers(-3, 3), PARTS), min_size=1, max_size=3).map(
    lambda terms: sum((factor * part for factor, part in terms), E - E)
)
POINTS = [{E: e, L: l_} for e in range(1, 7) for l_ in range(1, 9)]


@given(FORMULAS, FORMULAS)
def test_equal_formulas_are_equal_wherever_it_is_tried_and_others_differ_somewhere(first, second):
    answer = is_equal(first, second, ())
    tried = {bool((first - second).subs(point) == 0) for point in POINTS}
    assert answer == {True: "yes", False: "no"}[tried == {True}]


@given(FORMULAS, FORMULAS)
def test_what_is_said_to_be_at_most_something_is_so_wherever_it_is_tried(first, second):
    answer = is_at_most(first, second, ())
    tried = {bool((first - second).subs(point) <= 0) for point in POINTS}
    assert answer != "yes" or tried == {True}
    assert answer != "no" or tried != {True} or not _is_bounded(first - second)
    assert answer == "no" or tried == {True}


def _is_bounded(difference):
    """Whether larger sizes than those tried can't make another answer."""
    return all(difference.subs({E: 100 * e, L: 100 * l_}) <= 0 for e in (1, 7) for l_ in (1, 7))


def test_an_assumption_narrows_what_is_asked():
    at_least_two = Assumption("L ≥ 2", "nonnegative", L - 2)
    assert is_at_most(2 * E, E * L, ()) == "no"
    assert is_at_most(2 * E, E * L, (at_least_two,)) == "yes"


@pytest.mark.parametrize("most", [E * L + floor(L / 7) * (E - 3) ** 2 + 9 * E, (E - L) ** 2 + 1])
def test_what_can_not_be_proved_is_not_said_to_be_so(most):
    assert is_at_most(E - E, most, ()) in ("yes", "unknown")
