"""How long an upsampled output is: as torch computes it, and as a formula where nothing is rounded."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convcost import cost
from convcost.core.errors import ConvcostError
from convcost.layers import layer_class
from convcost.layers.scaling import LONGEST, scaled
from convcost.search.graph.expression_graph import ExpressionGraph
from convcost.search.graph.graph_numbers import given_number
from convcost.search.graph.graph_results import operation_number
from convcost.symbolic.columns import Column, broadcast_column


@given(st.integers(1, 10_000), st.floats(0.001, 5.0))
def test_a_length_is_that_of_torch_for_every_factor(length, factor):
    ours = layer_class("Upsample")(scale_factor=factor).lengths((1, 1, length))
    assert ours == (int(length * factor),)
    if ours[0]:
        theirs = torch.nn.Upsample(scale_factor=factor)(torch.empty(1, 1, length, device="meta"))
        assert tuple(theirs.shape) == (1, 1, *ours)


@pytest.mark.parametrize(("length", "factor", "expected"), [(100, 0.29, 28), (3, 1 / 3, 1), (10, 0.7, 7)])
def test_a_length_is_rounded_as_torch_rounds_it(length, factor, expected):
    assert layer_class("Upsample")(scale_factor=factor).output((1, 2, length)) == (1, 2, expected)


FACTORS = st.floats(1e-9, 1e6) | st.builds(lambda above, below: above / below, *[st.integers(1, 999)] * 2)


@given(FACTORS, st.integers(0, 52), st.data())
def test_many_lengths_at_once_are_rounded_as_each_of_them(factor, bits, data):
    below = round(1 / (factor % 1)) if factor % 1 > 1e-3 else 7  # multiples of it give whole numbers
    multiples = st.integers(0, 2**bits // below).map(lambda number: number * below)
    lengths = data.draw(st.lists(st.integers(0, 2**bits - 1) | multiples, min_size=1, max_size=30))
    lengths = [length for length in lengths if length * factor <= LONGEST] or [0]
    expected = [int(length * factor) for length in lengths]
    column = broadcast_column(scaled(Column(np.array(lengths)), factor), (len(lengths),))
    assert [int(value) * column.factor for value in column.values] == expected
    graph = ExpressionGraph()
    size = given_number(graph, "L", 0, 2**52)
    number = operation_number(graph, scaled(size, factor))
    assert [graph.evaluate([number], {"L": length})[0] for length in lengths] == expected


@pytest.mark.parametrize("factor", [0.29, 0.7, 1 / 3, 1 / 49, 1.1, 2.3])
def test_the_first_lengths_are_rounded_as_each_of_them(factor):
    lengths = range(5000)
    column = broadcast_column(scaled(Column(np.array(lengths)), factor), (5000,))
    assert [int(value) * column.factor for value in column.values] == [int(each * factor) for each in lengths]


def test_a_length_beyond_what_a_double_has_is_refused():
    with pytest.raises(ConvcostError, match=r"a length multiplied by scale_factor = 0\.3 is"):
        cost("[1, 1, L] -> Upsample(scale_factor=0.3)", L=2**53 + 1)
    with pytest.raises(ConvcostError, match="the output's length is"):
        cost("[1, 1, L] -> Upsample(scale_factor=1.3)", L=2**52 - 1)


@pytest.mark.parametrize(
    ("factor", "length"),
    [("2", "2*H"), ("0.5", "floor(H/2)"), ("0.75", "floor(3*H/4)"), ("1.5", "floor(3*H/2)")],
)
def test_an_open_length_is_a_formula_where_the_factor_has_few_binary_digits(factor, length):
    report = cost(f"[1, 1, H] -> Upsample(scale_factor={factor})")
    assert str(report.output[2]) == length


def test_an_open_length_by_a_factor_that_is_rounded_is_refused_with_the_way_out():
    with pytest.raises(ConvcostError) as refusal:
        cost("[1, 1, H] -> Upsample(scale_factor=0.3)")
    assert "torch rounds its product with an open length" in str(refusal.value)
    assert "or use size=." in str(refusal.value)
    assert cost("[1, 1, H] -> Upsample(scale_factor=0.3)", H=10).output == (1, 1, 3)


def test_a_size_may_be_open():
    assert [str(size) for size in cost("[B, C, H, W] -> Upsample(size=(2H, K))").output] == [
        "B",
        "C",
        "2*H",
        "K",
    ]


def test_an_infinite_factor_is_refused():
    with pytest.raises(ConvcostError, match="scale_factor is inf"):
        cost("[1, 1, 4] -> Upsample(scale_factor=1e999)")
