"""Formulas in MathML: a reader finds the value that the formula has."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mathml_reader import evaluated
from sympy import Abs, Integer, Max, Mul, Rational, floor, sqrt

from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate
from convcost.symbolic.sympy_text import mathml_expression

B, E, K, L = map(symbol, "BEKL")
SIZES = {"B": 3, "E": 7, "K": 2, "L": 5}

TERMS = st.lists(
    st.tuples(st.integers(-2000, 2000).filter(bool), st.lists(st.sampled_from([B, E, K, L]), max_size=3)),
    min_size=1,
    max_size=3,
)
SUMS = TERMS.map(lambda terms: sum((number * Mul(*names) for number, names in terms), Integer(0)))
FORMULAS = st.one_of(
    SUMS,
    st.tuples(SUMS, SUMS).map(lambda pair: pair[0] * pair[1]),
    st.tuples(SUMS, SUMS.filter(lambda formula: evaluate(formula, SIZES) != 0)).map(
        lambda pair: pair[0] / pair[1]
    ),
    st.tuples(SUMS, st.integers(2, 9)).map(lambda pair: floor(pair[0] / pair[1])),
    st.tuples(SUMS, SUMS).map(lambda pair: pair[0] + Abs(pair[1])),
)


@given(FORMULAS)
def test_what_a_reader_finds_is_what_the_formula_is(formula):
    assert evaluated(mathml_expression(formula), **SIZES) == evaluate(formula, SIZES)


@pytest.mark.parametrize(
    ("formula", "mathml"),
    [
        (
            20 * B * E**2,
            "<mn>20</mn><mo>·</mo><mi>B</mi><mo>·</mo><msup><mrow><mi>E</mi></mrow><mn>2</mn></msup>",
        ),
        (
            Rational(-3, 5) * L,
            "<mfrac><mrow><mo>−</mo><mn>3</mn><mo>·</mo><mi>L</mi></mrow><mrow><mn>5</mn></mrow></mfrac>",
        ),
        (sqrt(1553), "<msqrt><mn>1,553</mn></msqrt>"),
        (Max(E, K), "<mi>max</mi><mrow><mo>(</mo><mi>E</mi><mo>,</mo><mi>K</mi><mo>)</mo></mrow>"),
        (5 - symbol("d_model"), "<mn>5</mn><mo>−</mo><mi>d_model</mi>"),
    ],
)
def test_a_formula_is_written_as_a_mathematician_would(formula, mathml):
    assert mathml_expression(formula) == mathml


def test_an_exponent_and_each_side_of_a_fraction_are_one_element():
    tree = ElementTree.fromstring(f"<math>{mathml_expression((E + 1) ** 3 / (K * L + 2))}</math>")
    arguments = [len(element) for element in tree.iter() if element.tag in ("msup", "mfrac")]
    assert arguments
    assert set(arguments) == {2}
