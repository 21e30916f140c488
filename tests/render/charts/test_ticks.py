"""Ticks are round numbers within the axis, few enough, and read as units are written everywhere."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.render.charts.data import ChartAxis
from convcost.render.charts.ticks import tick_text, ticks


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12 * 10**9, "FLOPs", "12 GFLOPs"),
        (2_500, "B", "2.5 KB"),
        (Fraction(1, 50_000), "s", "20 µs"),
        (2_000_000, "", "2 M"),
        (100, "params", "100 params"),
        (100_000, "", "100,000"),
        (Fraction(1, 100), "", "0.01"),
        (10 * 10**12, "FLOP/s", "10 TFLOP/s"),
        (0, "FLOPs", "0 FLOPs"),
    ],
)
def test_a_tick_reads_as_short_as_it_is_exact(value, unit, text):
    assert tick_text(value, unit) == text


def test_linear_ticks_are_multiples_of_a_round_step():
    found = ticks(ChartAxis("FLOPs", "FLOPs"), [0, 1_966_080])
    assert [tick.text for tick in found] == ["0 FLOPs", "500 KFLOPs", "1 MFLOPs", "1.5 MFLOPs"]


def test_logarithmic_ticks_are_powers_of_ten_where_the_span_is_long():
    found = ticks(ChartAxis("L", "", is_log=True), [3, 40_000])
    assert [tick.value for tick in found] == [10, 100, 1_000, 10_000]


def test_logarithmic_ticks_within_a_decade_are_round_numbers():
    assert [tick.value for tick in ticks(ChartAxis("L", "", is_log=True), [3, 30])] == [5, 10, 20]


def test_a_single_value_has_a_tick():
    assert [tick.value for tick in ticks(ChartAxis("L"), [7])] == [7]


positive = st.fractions(min_value=Fraction(1, 10**12), max_value=10**30)


@given(positive, positive, st.booleans(), st.integers(2, 9))
def test_ticks_are_within_the_axis_and_few_enough(first, second, is_log, most):
    found = [tick.value for tick in ticks(ChartAxis("x", "", is_log), [first, second], most)]
    assert found
    assert len(found) <= most
    assert found == sorted(found)
    assert min(first, second) <= found[0] <= found[-1] <= max(first, second)
