"""Numbers as people read and write them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.errors import UsageError
from convcost.core.units import (
    binary,
    exact,
    fraction,
    human,
    in_full,
    parse_amount,
    parse_bytes,
    parse_count,
    percent,
    ratio,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "FLOPs", "0 FLOPs"),
        (1, "params", "1 params"),
        (999, "MACs", "999 MACs"),
        (1_000, "MACs", "1.00 KMACs"),
        (1_966_080, "FLOPs", "1.97 MFLOPs"),
        (163_840, "MACs", "163.8 KMACs"),
        (98_560, "params", "98.6 K params"),
        (9_994, "", "9.99 K"),
        (9_995, "", "10.0 K"),
        (99_949, "", "99.9 K"),
        (999_949, "", "999.9 K"),
        (999_950, "", "1.00 M"),
        (10**12, "FLOPs", "1.00 TFLOPs"),
        (10**30, "B", "1.00 QB"),
        (999 * 10**30, "", "999.0 Q"),
        (-1_500, "FLOPs", "-1.50 KFLOPs"),
        (Fraction(1, 2), "FLOPs", "0.50 FLOPs"),
        (Fraction(3), "FLOPs", "3 FLOPs"),
        (Fraction(99994, 100), "FLOP/s", "999.9 FLOP/s"),
        (Fraction(99995, 100), "FLOP/s", "1.00 KFLOP/s"),
    ],
)
def test_a_number_is_scaled_to_the_digits_that_matter(value, unit, text):
    assert human(value, unit) == text


@pytest.mark.parametrize("value", [10**33, 10**100, 10**400, -(10**400)])
def test_a_number_beyond_every_prefix_is_a_power_of_ten(value):
    assert "e+" in human(value, "FLOPs")
    assert len(human(value, "FLOPs")) < 24


@given(st.integers(min_value=0, max_value=10**33 - 10**30))
def test_what_is_read_back_is_near_what_was_shown(value):
    number, _, prefix = human(value).partition(" ")
    shown = Fraction(number) * 1000 ** " KMGTPEZYRQ".index(prefix or " ")
    assert abs(shown - value) <= value * Fraction(6, 1000)


@given(st.integers(min_value=0), st.integers(min_value=0))
def test_of_two_numbers_with_one_prefix_the_larger_is_not_shown_smaller(first, second):
    smaller, larger = (human(value).split(" ") for value in sorted((first, second)))
    assert smaller[1:] != larger[1:] or Fraction(smaller[0]) <= Fraction(larger[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1_966_080, "1,966,080"),
        (9_999_999_999, "9,999,999,999"),
        (17_179_535_522, "17,179,535,522"),
        (10**18, "1,000,000,000,000,000,000"),
        (10**18 + 1, "1.00 E"),
        (Fraction(2560), "2,560"),
        (Fraction(1536, 7), "219"),
        (Fraction(3, 7), "0.429"),
        (Fraction(163840, 33), "4,965"),
        (Fraction(10**20, 3), "33.3 E"),
        (Fraction(9994, 10), "999"),
        (Fraction(9995, 10), "1,000"),
    ],
)
def test_an_exact_number_has_its_thousands_separated(value, text):
    assert exact(value) == text


@pytest.mark.parametrize("value", [Fraction(1, 10**400), Fraction(10**400, 3), 10**400])
def test_no_number_is_too_large_or_small_to_be_shown(value):
    assert len(exact(value)) < 24


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (Fraction(0), "0.00×"),
        (Fraction(6), "6.00×"),
        (Fraction(3, 5), "0.600×"),
        (Fraction(98560, 163968), "0.601×"),
        (Fraction(12, 10_000), "0.00120×"),
        (Fraction(1, 10), "0.100×"),
        (Fraction(999), "999×"),
        (Fraction(123_456), "123,456×"),
        (Fraction(10**12), "1.00e12×"),
        (Fraction(36_992, 36_928), "1.002×"),
        (Fraction("0.9997"), "0.9997×"),
        (Fraction("9.999"), "10.0×"),
        (Fraction("0.09999"), "0.100×"),
        (Fraction("999.7"), "1,000×"),
        (Fraction(4096), "4,096×"),
        (Fraction(1, 10**9), "1.00e-9×"),
        (Fraction(9999, 10**13), "1.00e-9×"),
        (1 + Fraction(3, 10**30), "(1 + 3.00e-30)×"),
        (1 - Fraction(1, 10**400), "(1 − 1.00e-400)×"),
        (Fraction(10**400), "1.00e400×"),
    ],
)
def test_a_ratio_is_a_factor(value, text):
    assert ratio(value) == text


@given(st.integers(1, 10**40), st.integers(1, 10**40))
def test_only_equals_have_the_ratio_one(first, other):
    assert (ratio(Fraction(first, other)) == "1.00×") == (first == other)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (Fraction(0), "0%"),
        (Fraction(1), "100%"),
        (Fraction(9997, 10_000), "99.97%"),
        (Fraction(1, 6), "16.7%"),
        (Fraction(1, 2500), "0.0400%"),
        (Fraction(1, 10**9), "1.00e-7%"),
        (Fraction(-32, 72), "−44.4%"),
    ],
)
def test_a_share_is_a_percentage_of_three_digits(share, text):
    assert percent(share) == text


@given(st.fractions(min_value=Fraction(1, 10**400)))
def test_no_ratio_of_something_is_shown_as_zero(value):
    assert ratio(value) != "0.00×"


@pytest.mark.parametrize("value", [Fraction(10**400), Fraction(1, 10**400)])
def test_no_ratio_is_too_large_or_small_to_be_shown(value):
    assert ratio(value).endswith("×")
    assert len(ratio(value)) < 24


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1000000", 1_000_000),
        ("1KB", 1_000),
        ("1kB", 1_000),
        ("1K", 1_000),
        ("1KiB", 1_024),
        ("1GiB", 2**30),
        (" 1 gib ", 2**30),
        ("1.5GiB", 3 * 2**29),
        ("512 MB", 512_000_000),
        ("2TB", 2 * 10**12),
        ("100 B", 100),
    ],
)
def test_an_amount_of_memory_is_read(text, value):
    assert parse_bytes(text) == value


@pytest.mark.parametrize(
    "text", ["", "lots", "-1GB", "1iB", "1 GG", "1e9", "GiB", "1,5GB", "९", "1" * 50, "1GiB\x00", "inf"]
)
def test_what_is_no_amount_of_memory_is_refused(text):
    with pytest.raises(UsageError, match="is not an amount of memory"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B"),
        (1_000, "1000 B"),
        (1_023, "1023 B"),
        (1_024, "1 KiB"),
        (661_504, "646 KiB"),
        (3 * 2**29, "1.50 GiB"),
        (2**30, "1 GiB"),
    ],
)
def test_memory_is_shown_in_powers_of_1024(value, text):
    assert binary(value) == text


@given(st.integers(0, 2**60))
def test_memory_that_is_shown_is_memory_that_is_read(value):
    shown = parse_bytes(binary(value).replace(",", ""))
    assert abs(shown - value) <= value / 100


@pytest.mark.parametrize(
    ("text", "metric", "amount"),
    [
        ("2GFLOPs", "flops", 2 * 10**9),
        ("2 gflop", "flops", 2 * 10**9),
        ("300 K", "params", 300_000),
        ("98.6 K params", "params", 98_600),
        ("1.5e9", "flops", 1_500_000_000),
        ("327,680", "flops", 327_680),
        ("2MACs", "macs", 2),
        ("2MMACs", "macs", 2_000_000),
        ("2E", "flops", 2 * 10**18),
        ("2E3", "flops", 2000),
        ("64MB", "bytes", 64 * 10**6),
        ("64 MiB", "bytes", 64 * 2**20),
        ("0", "bytes", 0),
    ],
)
def test_an_amount_is_read_in_the_unit_of_its_metric(text, metric, amount):
    assert parse_amount(text, metric) == amount


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        *(("2GMACs", "flops"), ("1.5", "flops"), ("-3", "flops"), ("", "flops"), ("2KiFLOPs", "flops")),
        *(("2iB", "bytes"), ("1e999", "flops"), ("9" * 99, "flops"), ("many", "params")),
    ],
)
def test_what_is_no_whole_amount_of_a_metric_is_refused(text, metric):
    with pytest.raises(UsageError, match="is not an amount of"):
        parse_amount(text, metric)


@pytest.mark.parametrize(
    ("text", "count"), [("4096", 4096), ("4_096", 4096), ("1,024", 1024), ("2**12", 4096), ("1e6", 10**6)]
)
def test_a_count_is_read_in_any_spelling(text, count):
    assert parse_count(text, "--max") == count


@pytest.mark.parametrize("text", ["", "x", "1.5", "2**", "2**100", "1e-3"])
def test_what_is_no_count_is_refused_by_the_option(text):
    with pytest.raises(UsageError, match=r"--max is .*; it must be a whole number"):
        parse_count(text, "--max")


def test_a_count_is_not_negative():
    with pytest.raises(UsageError, match=r"--max is -1; it must be at least 0"):
        parse_count("-1", "--max")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (9_999_999_999, "9,999,999,999"),
        (100_000_000_000, "100,000,000,000"),
        (-(10**15), "-1,000,000,000,000,000"),
        (10**30, "1,000,000,000,000,000,000,000,000,000,000"),
        (10**31, "10.0 Q"),
        (Fraction(10**12), "1,000,000,000,000"),
        (Fraction(33, 2), "16.5"),
    ],
)
def test_in_full_a_whole_number_has_every_digit_that_a_line_has_room_for(value, text):
    assert in_full(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1280, "1,280"), (Fraction(5, 3), "5/3"), (Fraction(1280, 7777), "1,280/7,777")]
)
def test_a_fraction_is_not_rounded(value, text):
    assert fraction(value) == text
