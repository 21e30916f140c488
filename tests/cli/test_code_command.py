"""`convcost code`: prints source code, and says what it needs."""

import pytest
from cli_runner import convcost

from convcost.analysis.code import code


def test_it_prints_the_code_alone():
    result = convcost("code", "x + Linear(E, E)", "--E", "4")
    assert (result.code, result.out, result.err) == (0, code("x + Linear(E, E)", E=4), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is no design"),
        (("Linear(E, E)",), "a module needs a number for every size: E"),
        (("Linear(3, 3)", "Linear(3, 4)"), "takes one design, not 2"),
        (("net.py:Net",), "net.py:Net is a torch module, and no design"),
    ],
)
def test_what_it_cannot_write_is_refused(arguments, message):
    result = convcost("code", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
