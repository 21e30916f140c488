"""The formula that says in words how long an output is comes to that length."""

import pytest

from convcost.layers import FAMILIES
from convcost.verify.cases import generate_cases

KINDS = (*FAMILIES["convolution"], *FAMILIES["transposed"])

PYTHON = {"⌊": "(", "⌋": ")", "·": "*", "−": "-", "/": "//"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_length_in_words_is_the_length_of_the_output(kind):
    for case in generate_cases(kind, 40, seed=4):
        formulas = case.layer.length_formulas(case.report.input)
        found = [evaluated(formula, sizes) for _, formula, sizes in formulas]
        assert found == [*case.report.output[-case.layer.spatial :]], case.spec


def evaluated(formula, sizes):
    text = formula.format(*sizes)
    for sign, operator in PYTHON.items():
        text = text.replace(sign, operator)
    return eval(text)
