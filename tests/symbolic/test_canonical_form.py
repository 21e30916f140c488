import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, floor

from convcost.symbolic.predicates import is_integer, is_nonnegative
from convcost.symbolic.sympy_bridge import canonicalize, from_sympy, symbol
from convcost.symbolic.sympy_expressions import evaluate

K, L = symbol("K"), symbol("L")
SMALL = st.integers(1, 40)


@pytest.mark.parametrize(
    ("formula", "short"),
    [
        (floor(L * (L + 1) / 2), L**2 / 2 + L / 2),
        (floor((floor((L + 1) / 2) + 1) / 2), floor((L + 3) / 4)),
        (floor(-L / 2), -floor((L + 1) / 2)),
        (floor((L + 5) / 2), floor((L + 1) / 2) + 2),
        (Abs(L + 1), L + 1),
        (Abs(1 - L), L - 1),
    ],
)
def test_a_rounding_or_a_sign_is_resolved_where_that_is_exact(formula, short):
    assert (canonicalize(formula) - short).simplify() == 0


@given(st.integers(1, 5), st.integers(-9, 9), st.integers(1, 6), st.integers(-9, 9), st.integers(1, 6), SMALL)
def test_a_tidied_rounding_of_a_rounding_is_the_same_number(a, b, m, c, n, size):
    formula = floor((floor((a * L + b) / m) + c) / n)
    assert evaluate(canonicalize(formula), {"L": size}) == ((a * size + b) // m + c) // n


@given(st.integers(-5, 5), st.integers(-9, 9), st.integers(-5, 5), st.integers(1, 6), SMALL, SMALL)
def test_a_proved_sign_holds(a, b, c, n, length, kernel):
    formula = a * L + b + c * floor((K + 1) / n)
    value = a * length + b + c * ((kernel + 1) // n)
    known = is_nonnegative(from_sympy(formula))
    assert known is None or known == (value >= 0)


@given(st.integers(-6, 6), st.integers(-6, 6), st.integers(1, 6), SMALL)
def test_what_is_called_whole_is_whole(a, b, n, size):
    formula = (a * L**2 + b * L) / n
    assert not is_integer(from_sympy(formula)) or (a * size**2 + b * size) % n == 0


@given(*[st.integers(-9, 9)] * 3, st.integers(1, 6), SMALL)
def test_a_proved_order_of_two_roundings_holds(a, b, m, n, size):
    difference = floor((L + a) / n) + m - floor((L + b) / n)
    assert not is_nonnegative(from_sympy(difference)) or (size + a) // n + m >= (size + b) // n


def test_a_rounding_is_never_below_one_of_less():
    assert is_nonnegative(from_sympy(floor((L + 3) / 4) - floor((L + 1) / 4)))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (L + K, "K + L"),
        (L - 1, "L - 1"),
        (3 - L, "3 - L"),
        (L**2 / 2 + 2 * K * L - floor((K + 1) / 2), "2*K*L + L**2/2 - floor(K/2 + 1/2)"),
        (2 * L / (3 * K) - Abs(K - L), "-Abs(K - L) + 2*L/(3*K)"),
    ],
)
def test_a_formula_has_the_text_of_sympys(formula, text):
    assert str(from_sympy(formula)) == text == str(formula)
