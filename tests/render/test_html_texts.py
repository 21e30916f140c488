"""Texts with formulas as HTML."""

from mathml_reader import evaluated

from convcost import compare
from convcost.render.formulas import math_text
from convcost.render.mathml import html_text, mathematics
from convcost.render.texts import CodeText, MathText, MixedText

FLOPS = compare().first.flops


def test_words_are_escaped_and_formulas_are_math():
    text = MixedText("a < b: ", math_text("{} = {}", "E", 128), ".")
    assert html_text(text) == (
        'a &lt; b: <span class="unbroken"><math><mi>E</mi><mo>=</mo><mn>128</mn></math>.</span>'
    )


def test_code_is_code():
    assert html_text(CodeText("Linear(<b>)")) == "<code>Linear(&lt;b&gt;)</code>"


def test_numbers_alone_are_text():
    assert html_text(MathText("(1, 128, 10)")) == "(1, 128, 10)"


def test_an_expression_has_the_value_that_it_has_in_the_formula():
    assert evaluated(mathematics(math_text("2·{} + 1", FLOPS)), B=1, S=1, E=4, L=3) == 2 * 2 * 3 * 16 + 1


def test_a_power_belongs_to_what_stands_before_it():
    assert mathematics("3·E²") == "<mn>3</mn><mo>·</mo><msup><mrow><mi>E</mi></mrow><mn>2</mn></msup>"


def test_words_in_a_formula_stay_words():
    assert mathematics("384 multiplies for each") == (
        '<mn>384</mn><mspace width="0.3em"></mspace><mtext>multiplies for each</mtext>'
    )


def test_signs_of_html_in_a_formula_are_escaped():
    assert mathematics("a<b & c") == "<mi>a</mi><mo>&lt;</mo><mi>b</mi><mo>&amp;</mo><mi>c</mi>"
