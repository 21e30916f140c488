"""Where the lines of a screen end: equations at their signs of equality, formulas outside brackets."""

import pytest

from convcost import compare, cost
from convcost.render import render
from convcost.render.style import Style
from convcost.render.table import breakable, equation_lines, print_to_text

EQUATION = "length_out = ⌊(L + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1 = L"


def shown(text, width):
    return print_to_text(
        lambda console: console.print(breakable(text, room=width)), Style(width=width)
    ).splitlines()


def laid(equation, room):
    return print_to_text(
        lambda console: console.print(equation_lines(equation, room)), Style(width=room)
    ).splitlines()


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (60, [EQUATION]),
        (52, ["length_out = ⌊(L + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1", "  = L"]),
        (48, ["length_out", "  = ⌊(L + 1 + 1 − 1·(3 − 1) − 1) / 1⌋ + 1 = L"]),
        (30, ["length_out", "  = ⌊(L + 1 + 1 − 1·(3 − 1) −", "    1) / 1⌋ + 1", "  = L"]),
    ],
)
def test_an_equation_is_broken_at_its_signs_of_equality_first(room, expected):
    assert laid(EQUATION, room) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (30, ["B·S·E·F·K·(⌊(L − K)/2⌋ + 2)"]),
        (26, ["B·S·E·F·K·(⌊(L − K)/2⌋ +", "2)"]),
        (18, ["B·S·E·F·K·(⌊(L −", "K)/2⌋ + 2)"]),
    ],
)
def test_short_brackets_are_broken_only_where_nothing_else_helps(width, expected):
    assert shown("B·S·E·F·K·(⌊(L − K)/2⌋ + 2)", width) == expected


def test_a_sentence_in_brackets_is_broken_as_any():
    assert shown("count (convention: matmul, full)", 20) == ["count (convention:", "matmul, full)"]


def test_no_stand_in_for_a_space_is_left():
    text = render(compare(), "table", Style(width=60))
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("width", [50, 60, 80])
@pytest.mark.parametrize("unicode", [True, False])
def test_beside_formulas_every_label_is_whole(width, unicode):
    lines = render(compare(), "table", Style(width=width, unicode=unicode)).splitlines()
    assert sum("per output element  " in line for line in lines) == 3


def test_a_part_of_a_table_has_no_line_that_says_nothing():
    text = render(compare(), "table")
    ratios = text[text.index("conv ÷ dense\n") :]
    assert " input" not in ratios.split("\n\n")[0]


def test_an_open_layer_has_no_empty_column():
    lines = render(cost("Conv1d(E, F, 3)"), "table").splitlines()
    assert lines[6].split() == ["formula"]
    assert " about" not in "\n".join(lines)


def test_a_formula_that_is_alone_in_its_row_may_take_two_lines():
    text = render(cost("Conv1d(E, F, K, stride=2, padding=1)"), "table")
    assert "(long" not in text
