"""The table on the screen: widths, colour, one part at a time, and where lines end."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import CHAIN, COUNTED, LAYER, PAIR, RESULTS, THREE

from convcost import compare, cost
from convcost.render import render
from convcost.render import table as table_format
from convcost.render.document import Document, Line, Section, Table
from convcost.render.style import Style
from convcost.render.table import breakable, equation_lines, print_to_text, render_document

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_no_line_is_wider_than_asked(result, unicode, width):
    lines = render(result, "table", Style(width=width, unicode=unicode)).splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("size", [12345678901234567, 123456789012345678901])
def test_no_digit_of_an_exact_number_is_cut_off(size, width):
    report = cost(f"Linear({size}, {size})", B=3, S=1)
    text = render(report, "table", Style(width=width))
    start = text.index("\n MACs ")
    digits = re.sub(r"\D", "", text[start : text.index("on real data", start)])
    assert str(3 * size**2) in digits


TEXTS = st.text("aM1, ·²÷–│表", max_size=40).map(str.strip)


@st.composite
def tables(draw):
    columns = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(TEXTS, min_size=columns, max_size=columns), min_size=1, max_size=6))
    lines = (
        Line(label, tuple(cells), draw(st.booleans()), draw(st.integers(0, 2))) for label, *cells in rows
    )
    heading = draw(st.lists(TEXTS, min_size=columns, max_size=columns))
    return Table(tuple(heading), tuple(lines), draw(st.booleans()))


@given(tables(), st.integers(20, 120))
def test_a_table_that_fits_is_as_rich_draws_it(table, width):
    def own(console):
        table_format._print_table(console, table)

    def by_rich(console):
        console.print(table_format._rich_table(table, width), "")

    style = Style(width=width)
    assert print_to_text(own, style) == print_to_text(by_rich, style)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_colour_changes_nothing_but_colour(result):
    coloured = COLOUR.sub("", render(result, "table", Style(color=True)))
    plain = render(result, "table")
    assert [line.rstrip() for line in coloured.splitlines()] == plain.splitlines()


def test_no_line_ends_in_spaces():
    assert not re.search(r" +$", render(PAIR, "table"), re.MULTILINE)


def test_the_parts_together_are_the_whole():
    parts = [render(COUNTED, "table", Style(part=part)) for part in ("costs", "counters")]
    assert "".join(parts) == render(COUNTED, "table")


def test_three_candidates_have_a_column_and_a_ratio_each():
    heading = next(line for line in render(THREE, "table").splitlines() if "÷" in line)
    assert re.split(r"\s{2,}", heading.strip()) == ["a", "b", "÷ a", "c", "÷ a"]


def test_a_ratio_over_zero_is_a_dash():
    line = next(line for line in render(PAIR, "table").splitlines() if "elementwise  " in line)
    assert line.split() == ["elementwise", "0", "0", "–"]


def test_a_chain_is_shown_layer_by_layer():
    assert " 1 ReLU()" in render(CHAIN, "table")


def test_a_single_layer_is_not_listed_by_layer():
    assert "\n layer " not in render(LAYER, "table")


def test_each_reason_names_its_counter_and_verdict():
    assert "torch.profiler is blind: it has no formula for aten::conv1d (1 call)." in " ".join(
        render(LAYER, "table").split()
    )


def test_a_reason_that_several_candidates_share_stands_once():
    text = " ".join(render(COUNTED, "table").split())
    assert text.count("it has no formula for aten::conv1d") == 1
    assert "torch.profiler is blind:" in text


def test_a_pending_counter_is_shown_as_counting():
    pending = type(PAIR)(tuple(_pending(report) for report in PAIR.candidates))
    assert render(pending, "table").count("counting") == 2


def _pending(report):
    return replace(report, counters={"fvcore": None})


def test_a_name_that_reads_as_a_command_leaves_its_row_in_line():
    table = Table(("", "a"), (Line("::error::x", ("1",)), Line("y", ("2",))))
    lines = render_document(Document((), Section((table,), ()), Section((), ())), Style()).splitlines()
    first, second = (next(line for line in lines if line.endswith(digit)) for digit in "12")
    assert first.startswith(r" \x3a:error::x ")
    assert len(first) == len(second)


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


def test_labels_are_not_broken_to_fit_a_column_more_where_the_table_is_split_anyway():
    label = "0.1.0 Conv2d(64, 64, 3, padding=1)"
    table = Table(
        ("layer", "output", "a", "b", "c"), (Line(label, ("(1, 64, 56, 56)", *["1,234,567,890"] * 3)),)
    )
    first, second = table.split(80)
    assert (first.columns, second.columns) == (("layer", "output", "a"), ("layer", "b", "c"))
    assert first.fits(80)
    assert second.fits(80)
