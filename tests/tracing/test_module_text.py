"""A module in a line, with inputs and arguments of its own."""

import pytest

from convcost.core.errors import ConvcostError
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.target.module_text import is_module_text, parse_module_text
from convcost.tracing.target.target import Place


@pytest.mark.parametrize(
    ("text", "label", "inputs", "arguments"),
    [
        ("a.py:Net", "", None, {}),
        ("net = a.py:Net", "net", None, {}),
        ("a.py:Net()", "", None, {}),
        (
            "a.py:Net(width=2, act='relu', sizes=[1, 2])",
            "",
            None,
            {"width": 2, "act": "relu", "sizes": [1, 2]},
        ),
        ('a.py:Net(text="x:y(z) -> w")', "", None, {"text": "x:y(z) -> w"}),
        ("f32[1,3,32,32] -> a.py:Net", "", ["f32[1,3,32,32]"], {}),
        ("[B, 3] → a.py:Net(width=-2)", "", ["[B, 3]"], {"width": -2}),
        ("[1,3], i64[1,4] -> a.py:Net", "", ["[1,3]", "i64[1,4]"], {}),
        ("net = [1,3] -> a.py:Net", "net", ["[1,3]"], {}),
        ("net = ids=i64[1,4] -> a.py:Net", "net", ["ids=i64[1,4]"], {}),
        ("(ids=i64[1,4], mask=f32[1,4]) -> a.py:Net", "", ["ids=i64[1,4]", "mask=f32[1,4]"], {}),
        ("net = (ids=i64[1,4]) -> a.py:Net(width=2)", "net", ["ids=i64[1,4]"], {"width": 2}),
    ],
)
def test_a_module_has_a_name_inputs_a_place_and_arguments(text, label, inputs, arguments):
    assert is_module_text(text)
    found = parse_module_text(text)
    assert found == (Place("a.py", "Net", label), None if inputs is None else parse_inputs(inputs), arguments)


@pytest.mark.parametrize(
    "text",
    [
        "Linear(3, 4)",
        "[B, 3] -> Linear(3, 4)",
        "Conv1d(1, 1, 1, padding='a:b')",
        "Conv1d(1, 1, 1, padding='a:b(c)')",
        "[1, 3] -> x + (Linear(3, 3))",
        "Sequential(\n  (0): Linear(in_features=3, out_features=4, bias=True)\n  (act): ReLU()\n)",
    ],
)
def test_a_design_is_no_module(text):
    assert not is_module_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.py:Net(2)", "a.py:Net(2): a module's arguments are given by name"),
        ("a.py:Net(**x)", "a.py:Net(**x): a module's arguments are given by name"),
        ("a.py:Net(width=", "a.py:Net(width=: its arguments can't be read"),
        ("a.py:Net(width=1) x 3", "a.py:Net(width=1) x 3: its arguments can't be read"),
        ("a.py:Net(width=1)(2)", "a.py:Net(width=1)(2): its arguments can't be read"),
        ("a.py:Net(" + "(" * 9_999, "a.py:Net(" + "(" * 71 + ": its arguments can't be read"),
        (
            "a.py:Net(act=relu)",
            'act=relu is not a number, string, list or other literal\nPut strings in quotes: act="relu".',
        ),
        ("a.py:Net(width=open('x'))", "width=open('x') is not a number, string, list or other literal"),
        ("-> a.py:Net", "-> a.py:Net: the input before the arrow is missing"),
        ("() -> a.py:Net", "() -> a.py:Net: the input before the arrow is missing"),
        ("[1,3] -> ReLU -> a.py:Net", "[1,3] -> ReLU -> a.py:Net: a torch module can't be part of a chain"),
        ("[1,3 -> a.py:Net", "unexpected end; expected ',' or ']'\n  [1,3\n      ^"),
        ("(a=[1], a=[2]) -> a.py:Net", "the input a is given twice"),
    ],
)
def test_what_is_wrong_with_a_module_is_said(text, message):
    with pytest.raises(ConvcostError) as error:
        parse_module_text(text)
    assert str(error.value).startswith(message)
