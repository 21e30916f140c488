"""Figures as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.errors import UsageError
from convcost.devices.amounts import BANDWIDTH, MEMORY, PEAK, parse_figure


@pytest.mark.parametrize(
    ("text", "measure", "value"),
    [
        ("312 TFLOP/s", PEAK, 312 * 10**12),
        ("312TFLOPs/s", PEAK, 312 * 10**12),
        ("989.4 TFLOP/s", PEAK, 989_400_000_000_000),
        ("1,979 TOP/s", PEAK, 1979 * 10**12),
        ("2.5e3 TFLOP/s", PEAK, 25 * 10**14),
        (312_000_000_000_000, PEAK, 312 * 10**12),
        (3.12e14, PEAK, 312 * 10**12),
        ("2.039 TB/s", BANDWIDTH, 2_039_000_000_000),
        ("820 GiB/s", BANDWIDTH, 820 * 2**30),
        ("80 GB", MEMORY, 80 * 10**9),
        ("16 GiB", MEMORY, 2**34),
        ("40 cores x 2.3 GHz x 64 FLOP", PEAK, 5_888_000_000_000),
        ("40 cores × 2.3 GHz * 64 FLOPs", PEAK, 5_888_000_000_000),
        ("2 cores x 3 GHz x 8 FLOP + 4 cores x 1 GHz x 4 FLOP", PEAK, 64 * 10**9),
        ("8 channels x 8 B x 3.2 GT/s", BANDWIDTH, 204_800_000_000),
        ("5 stacks x 16 GB", MEMORY, 80 * 10**9),
    ],
)
def test_figures_are_read_exactly(text, measure, value):
    assert parse_figure(text, measure).value == value


def test_arithmetic_is_kept():
    assert parse_figure("2 GHz x 8 FLOP", PEAK).derivation == "2 GHz x 8 FLOP"
    assert parse_figure("16 GFLOP/s", PEAK).derivation == ""


@pytest.mark.parametrize("measure", [PEAK, BANDWIDTH, MEMORY], ids=lambda measure: measure.name)
@pytest.mark.parametrize(
    "text",
    ["", "x", "312", "312 T", "312 TFLOPS", "fast", "-1 GB", "0 GB/s", "0 FLOP/s", "1.5 B", "2 GHz", "8 FLOP",
     "1 GHz x 2 GHz x 8 FLOP", "2 GHz x 8 FLOP x 8 FLOP", "2 GFLOP/s x 2 GHz", "4 K x 2 GHz x 8 FLOP",
     "8 FLOP x 3 GT", "nan TB/s", "1e400 GB", "1e25 B", "1e13 TFLOP/s", "1e13 TB/s",
     "9e9 cores x 9e9 GHz x 9 FLOP", "9" * 300 + " GB", "2 GHz x", "80 gb/S", "3 GiFLOP/s", 0, -5,
     0.5, float("nan"), True],
    ids=str,
)  # fmt: skip
def test_what_is_no_such_figure_is_refused(text, measure):
    with pytest.raises(UsageError) as refused:
        parse_figure(text, measure)
    assert measure.name in refused.value.message
    assert measure.example in refused.value.hint


def test_the_refusal_shows_how_to_write_it():
    with pytest.raises(UsageError) as refused:
        parse_figure("312 TFLOPS", PEAK)
    assert str(refused.value) == (
        '\'312 TFLOPS\' is not a valid peak\nWrite it as "312 TFLOP/s", or as "40 cores x 2.3 GHz x 64 FLOP".'
    )


COUNTS = st.integers(1, 10**6)


@given(st.lists(st.tuples(COUNTS, COUNTS, COUNTS), min_size=1, max_size=3))
def test_a_sum_of_products_is_what_it_says(parts):
    text = " + ".join(f"{cores} cores x {clock} MHz x {flops} FLOP" for cores, clock, flops in parts)
    value = sum(cores * clock * 10**6 * flops for cores, clock, flops in parts)
    assert parse_figure(text, PEAK) == (value, text)
