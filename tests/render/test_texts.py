"""Texts with formulas in them: they read as any text, and keep their formulas unless those change."""

from sympy import symbols

from convcost.render.document import Document, Fact, Section
from convcost.render.formulas import full_text, math_text, relation_text
from convcost.render.style import as_ascii
from convcost.render.texts import CodeText, Expression, MathText, MixedText, map_text

E, L = symbols("E L", positive=True, integer=True)


def test_a_mixed_text_reads_as_its_pieces_do():
    assert MixedText("with ", math_text("{} = {}", "E", 4), ".") == "with E = 4."


def test_a_mixed_text_within_another_gives_it_its_pieces():
    inner = MixedText("a ", MathText("E"))
    assert MixedText(inner, " b").pieces == ("a ", "E", " b")


def test_a_formula_keeps_the_expressions_that_it_is_made_of():
    quotient = math_text("{} / {}", E, 2 * L)
    assert quotient == "E / (2·L)"
    assert quotient.parts == (Expression(E), " / ", "(", Expression(2 * L), ")")


def test_a_sum_is_in_brackets_as_a_factor_and_not_beside_a_sign_of_relation():
    assert math_text("{}·{}", E + 1, L) == "(E + 1)·L"
    assert relation_text(lambda write: f"{write(E + 1)} ≥ {write(L)}") == "E + 1 ≥ L"


def test_a_text_that_is_not_changed_keeps_its_formulas_and_one_that_is_keeps_its_code():
    text = MixedText("× ", MathText("E"), CodeText("·"), full_text(E * L))
    kinds = [type(piece) for piece in map_text(text, as_ascii).pieces]
    assert kinds == [str, MathText, CodeText, str]


def test_every_text_of_a_document_is_changed():
    document = Document((("a", "b"),), Section((), ("c",)), facts=(Fact("d", "e"),))
    expected = Document((("A", "B"),), Section((), ("C",)), facts=(Fact("D", "E"),))
    assert document.map_texts(str.upper) == expected
