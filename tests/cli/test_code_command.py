"""`convcost code`: prints source code, and says what it needs."""

import pytest
from cli_runner import convcost

from convcost.analysis.code import code


def test_it_prints_the_code_alone():
    result = convcost("code", "x + Linear(E, E)", "--E", "4")
    assert (result.code, result.out, result.err) == (0, code("x + Linear(E, E)", E=4), "")


def test_a_module_as_torch_prints_it_is_a_design():
    printed = "Sequential(\n  (0): Linear(in_features=3, out_features=4, bias=True)\n  (1): ReLU()\n)"
    result = convcost("code", printed)
    assert (result.code, result.out, result.err) == (0, code(printed), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "a design is missing"),
        (("Linear(E, E)",), "a module needs a value for every size: E"),
        (("Linear(3, 3)", "Linear(3, 4)"), "takes one design, not 2"),
        (("net.py:Net",), "net.py:Net is a torch module, not a design in text"),
    ],
)
def test_what_it_cannot_write_is_refused(arguments, message):
    result = convcost("code", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
