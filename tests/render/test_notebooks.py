"""What a notebook shows of a result: HTML on a screen, LaTeX on paper, the table where it has neither."""

import pytest
from results import RESULTS

from convcost.render import render

REPORTS = {name: result for name, result in RESULTS.items() if name != "counters"}

EVERY = pytest.mark.parametrize("result", REPORTS.values(), ids=REPORTS)


@EVERY
def test_a_screen_gets_html(result):
    assert result._repr_html_() == render(result, "html")


@EVERY
def test_paper_gets_latex(result):
    assert result._repr_latex_() == render(result, "latex")


@EVERY
def test_anything_else_gets_the_table(result):
    assert str(result) == render(result, "table").rstrip("\n")
