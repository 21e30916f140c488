"""Markdown, as a reader of pipe tables reads it."""

import re

import pytest
from results import COUNTED, LAYER, RESULTS

from convcost import compare, cost
from convcost.render import render
from convcost.render.style import Style

SEPARATOR = re.compile(r"(?<!\\)\|")


def tables(text):
    """Each table as its lines, each line as its cells."""
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    return [[SEPARATOR.split(line)[1:-1] for line in block] for block in blocks]


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_line_of_a_table_has_as_many_cells_as_its_heading(result):
    found = tables(render(result, "markdown"))
    assert found
    for heading, *lines in found:
        assert {len(line) for line in lines} == {len(heading)}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_the_second_line_of_a_table_is_its_rule(result):
    for _, rule, *_ in tables(render(result, "markdown")):
        assert all(re.fullmatch(r" ---:? ", cell) for cell in rule)


def test_the_founding_table_is():
    assert render(compare(E=128, L=10), "markdown").startswith("""\
- **dense**: `[B, S, L*E] -> Linear(L*E, E)`
- **conv**: `[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)`
- **sizes**: `L = 10, E = 128, K = 3; B and S default to 1`

|  | dense | conv | conv ÷ dense |
| --- | ---: | ---: | ---: |
""")


def test_what_markdown_would_read_as_its_own_is_escaped():
    text = render(COUNTED, "markdown")
    assert r"a &lt;reason> & a \| pipe" in text


def test_underscores_of_a_layers_argument_are_escaped_in_a_cell():
    text = render(compare("a = Linear(3, 4)", "b_c_d = Linear(3, 4)"), "markdown")
    assert r"| b\_c\_d |" in text


def test_a_detail_is_marked_as_one():
    assert "| ↳ weight (4, 3, 5) | 60 |" in render(LAYER, "markdown")


def test_a_table_has_every_column_with_exact_numbers_on_any_screen():
    report = cost("[B, 64, 32, 32] -> 2 x Conv2d(64, 64, 3, padding=1)", B=8)
    narrow = render(report, "markdown", Style(width=40))
    assert "| layer | output | parameters | MACs | FLOPs |" in narrow
    assert "| 301,989,888 | 603,979,776 |" in narrow
