import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Abs, Integer, Mul, Rational, floor, sqrt

from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate
from convcost.symbolic.sympy_text import program, readable

B, E, H, K, L, P, S, W = map(symbol, "BEHKLPSW")


@pytest.mark.parametrize(
    ("formula", "people", "programs"),
    [
        (20 * B * S * E**2, "20·B·S·E²", "20*B*E**2*S"),
        (120 * B * S * E**2, "120·B·S·E²", "120*B*E**2*S"),
        (1_280_000 * E**2, "1,280,000·E²", "1280000*E**2"),
        (symbol("x1000") + 1000, "x1000 + 1,000", "x1000 + 1000"),
        (6 * E**2 + 2 * E, "6·E² + 2·E", "6*E**2 + 2*E"),
        (2 * B * E**2 * S * (3 * L - 2), "2·B·S·E²·(3·L − 2)", "2*B*E**2*S*(3*L - 2)"),
        (3 * L / 5, "3·L/5", "3*L/5"),
        (floor((L + 1) / 2), "⌊(L + 1)/2⌋", "floor(L/2 + 1/2)"),
        (floor(L / 2) - 1, "⌊L/2⌋ − 1", "floor(L/2) - 1"),
        (5 - L, "5 − L", "5 - L"),
        (-E * L, "−E·L", "-E*L"),
        ((6 * E + 2) / (10 * E + 1), "(6·E + 2)/(10·E + 1)", "2*(3*E + 1)/(10*E + 1)"),
        (6 / L, "6/L", "6/L"),
        (Integer(6), "6", "6"),
        (Integer(-6), "−6", "-6"),
        (Rational(5, 3), "5/3", "5/3"),
        (Rational(-5, 3), "−5/3", "-5/3"),
        (sqrt(553) / 2, "√553/2", "sqrt(553)/2"),
        (1 - sqrt(1111), "1 − √1,111", "1 - sqrt(1111)"),
        (sqrt(E + 1), "√(E + 1)", "sqrt(E + 1)"),
        (E ** Rational(1, 3), "E^(1/3)", "E**(1/3)"),
        (Abs(K - P), "|K − P|", "Abs(K - P)"),
    ],
)
def test_a_formula_is_written_for_people_and_for_programs(formula, people, programs):
    assert (readable(formula), program(formula)) == (people, programs)


@pytest.mark.parametrize(
    ("formula", "people"),
    [
        (E**2 + 6 * E + 9 * L, "E² + 6·E + 9·L"),
        (L * E + 553 * B + 553 * E, "E·L + 553·B + 553·E"),
        (H + 2 * P - K + 1, "H + 2·P − K + 1"),
        (floor(W / 2) * floor(H / 2), "⌊H/2⌋·⌊W/2⌋"),
    ],
)
def test_high_powers_come_first_and_then_it_goes_by_name(formula, people):
    assert readable(formula) == people


@pytest.mark.parametrize(
    ("formula", "people"),
    [
        ((H + 2 * P - K + 1) * (W + 2 * P - K + 1), "(H + 2·P − K + 1)·(2·P + W − K + 1)"),
        ((floor(H / 2) + 2) * (floor(W / 2) + 2), "(⌊H/2⌋ + 2)·(⌊W/2⌋ + 2)"),
        (K * (2 * P + L - K) / (B + 1 - 2 * E), "K·(L + 2·P − K)/(B − 2·E + 1)"),
        (K * (K - 2 * P - L) / (2 * E - B - 1), "K·(L + 2·P − K)/(B − 2·E + 1)"),
    ],
)
def test_a_product_of_sums_stays_one_however_it_comes(formula, people):
    assert readable(formula.expand() if formula.is_polynomial() else formula) == people


def test_among_commas_thousands_are_not_separated():
    assert readable(1280 * E, grouped=False) == "1280·E"


def evaluated(text, **sizes):
    """What a reader makes of a formula without roundings."""
    for sign, power in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", range(10), strict=True):
        text = text.replace(sign, f"**{power}")
    return eval(text.replace("·", "*").replace("−", "-").replace(",", ""), {"__builtins__": {}}, sizes)


TERMS = st.lists(
    st.tuples(st.integers(-2000, 2000).filter(bool), st.lists(st.sampled_from([B, E, K, L]), max_size=3)),
    min_size=1,
    max_size=4,
)


@given(TERMS, TERMS)
def test_what_people_read_is_what_the_formula_is(first, second):
    sizes = {"B": 3, "E": 7, "K": 2, "L": 5}
    formula = Integer(1)
    for terms in (first, second):
        formula *= sum((number * Mul(*names) for number, names in terms), Integer(0))
    if formula.free_symbols:
        assert evaluated(readable(formula), **sizes) == evaluate(formula, sizes)
