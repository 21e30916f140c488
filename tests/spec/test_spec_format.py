"""A design's text with numbers put in is the same design: it costs what the design costs at these sizes."""

from pathlib import Path

import pytest
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.core.metrics import NAMES
from convcost.spec.design_file import read_design_file
from convcost.spec.spec_format import spec_format

EXAMPLES = Path(__file__).parents[2] / "examples"

CASES = {
    "Linear(10E, E)": "[1, 1, 10*2] -> Linear(10*2, 2)",
    "Linear(10 E, E^2)": "[1, 1, 10*2] -> Linear(10*2, 2^2)",
    "dense = [B, S, L*E] -> Linear(L*E, 3(E + 1))": "[1, 1, 5*2] -> Linear(5*2, 3(2 + 1))",
    "2 x Conv1d(E, E, 3, padding=same)": "[1*1, 2, 5] -> 2 x Conv1d(2, 2, 3, padding=same)",
    "[B, E, L] -> (Conv1d(E, E, 3) -> ReLU) x 2": "[1, 2, 5] -> (Conv1d(2, 2, 3) -> ReLU) x 2",
    "[B, E] -> Linear(E, E//2 + 1) ->\n  ReLU": "[1, 2] -> Linear(2, 2//2 + 1) -> ReLU",
    "f(C) = Linear(C, E) -> Linear(E, 2C); g(C) = Linear(C, C); [B, 3E] -> f(3E) -> f(6 E)": (
        "f(C) = Linear(C, 2) -> Linear(2, 2C); [1, 3*2] -> f(3*2) -> f(6*2)"
    ),
    "Conv2d(E, E*E, (K, 1), stride=K)": "[1, 2, 9, 7] -> Conv2d(2, 2*2, (3, 1), stride=3)",
    "Linear(K - 1, S)": "[1, 1, 3-1] -> Linear(3 - 1, 1)",
    "x + (Linear(E, K) -> Linear(K, E))": "[1, 1, 2] -> x + (Linear(2, 3) -> Linear(3, 2))",
    "[B,E] -> concat(x, [B,K] -> Linear(K, E))": "[1,2] -> concat(x, [1,3] -> Linear(3, 2))",
    "[B,L,E] -> Softmax(-1) -> permute(0,2,1)": "[1,5,2] -> Softmax(-1) -> permute(0,2,1)",
}

SIZES = {"B": 1, "S": 1, "E": 2, "L": 5, "K": 3, "H": 9, "W": 7}


def check_is_same(text, sizes):
    """All quantities of the text with the sizes put in are those of the design."""
    spec = convcost.parse(text)
    report = convcost.cost(spec, **{name: sizes[name] for name in spec.names})
    found = convcost.cost(spec_format(spec).format(sizes))
    assert {name: getattr(found, name) for name in NAMES} == {name: getattr(report, name) for name in NAMES}
    assert [row.output for row in found.rows] == [row.output for row in report.rows]
    assert found.inputs == report.inputs


@pytest.mark.parametrize("text", CASES)
def test_sizes_become_numbers_and_nothing_else_changes(text):
    assert spec_format(convcost.parse(text)).format(SIZES) == CASES[text]
    check_is_same(text, SIZES)


@settings(max_examples=40, deadline=None)
@given(designs(), st.integers(1, 9))
def test_it_has_the_costs_of_the_design(design, channels):
    check_is_same(design, {"C": channels})


@pytest.mark.parametrize("file", ["designs.txt", "mixing.txt"])
def test_the_example_files_stay_what_they_are(file):
    found = read_design_file(str(EXAMPLES / file))
    for text in found.designs:
        check_is_same(found.complete(text), {"B": 2, "C": 16, "H": 8, "W": 6, "E": 32, "T": 12, "R": 16})


def test_names_that_get_no_number_stay():
    made = spec_format(convcost.parse("[B, 2L, E] -> Linear(E, E)")).substitute({"B": 7, "L": "L"})
    assert made.names == ("E", "E", "E")
    assert made.format({"E": 4}) == "[7, 2*L, 4] -> Linear(4, 4)"
