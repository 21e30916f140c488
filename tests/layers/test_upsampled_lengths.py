"""How long an upsampled output is: as torch computes it, and as a formula where nothing is rounded."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convcost import cost
from convcost.core.errors import ConvcostError
from convcost.layers import layer_class


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
    assert "by which torch multiplies an open length with a rounding" in str(refusal.value)
    assert "size= instead" in str(refusal.value)
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
