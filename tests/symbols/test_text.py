import pytest
from sympy import Integer, Rational, floor

from convcost.symbols.symbol import symbol
from convcost.symbols.text import as_latex, program, readable

B, E, K, L, S = map(symbol, "BEKLS")


@pytest.mark.parametrize(
    ("formula", "people", "programs"),
    [
        (20 * B * S * E**2, "20·B·S·E²", "20*B*E**2*S"),
        (120 * B * S * E**2, "120·B·S·E²", "120*B*E**2*S"),
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
        (Rational(5, 3), "5/3", "5/3"),
    ],
)
def test_a_formula_is_written_for_people_and_for_programs(formula, people, programs):
    assert (readable(formula), program(formula)) == (people, programs)


def test_a_formula_is_written_in_latex():
    assert as_latex(20 * B * S * E**2) == "20 B E^{2} S"
