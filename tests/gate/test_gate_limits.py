"""Limits against what is counted: numbers, formulas, ratios, tolerances."""

from fractions import Fraction

import pytest
from config_files import CONV, DENSE, check_outcomes, config_problems, entry_results
from hypothesis import given
from hypothesis import strategies as st

from convcost.gate.limit import amount_limit, parse_tolerance, ratio_limit

pytestmark = pytest.mark.usefixtures("folder")

FREE = '[entries.free]\nspec = "[N, C, L] -> Conv1d(C, 2C, 3, stride=2, padding=1)"\n'
HALVES = '[entries.halves]\nspec = "[N, C, L] -> Conv1d(C, C, 3, padding=1, groups=C/G)"\n'


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (400_000, 400_000),
        ("400 KFLOPs", 400_000),
        ("2G", 2 * 10**9),
        ("1.5e9 FLOPs", 15 * 10**8),
        ("10M", 10**7),
    ],
)
def test_an_amount_is_a_number_with_its_unit(value, wanted):
    assert amount_limit("max_flops", value, ("E",)) == ("max_flops", "≤", "flops", wanted, "")


@given(st.integers(0, 10**30), st.sampled_from(["", "K", "M", "G", "T"]))
def test_any_whole_number_of_any_prefix_is_read_exactly(number, prefix):
    factor = 1000 ** ["", "K", "M", "G", "T"].index(prefix)
    assert amount_limit("min_params", f"{number} {prefix}", ()).wanted == number * factor


@pytest.mark.parametrize(("value", "wanted"), [(6, 6), ("0.6", Fraction(3, 5)), ("3 / 5", Fraction(3, 5))])
def test_a_factor_is_exact(value, wanted):
    assert ratio_limit("max_ratio", value, "flops", "a", ()).wanted == wanted


@given(st.integers(0, 10**6), st.integers(0, 999_999))
def test_a_tolerance_is_the_share_that_it_says(whole, decimals):
    share = Fraction(whole * 10**6 + decimals, 10**8)
    assert parse_tolerance(f"{whole}.{decimals:06} %") == share


@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("max_flops = 327680", True),
        ("max_flops = 327679", False),
        ("min_flops = 327680", True),
        ("min_flops = 327681", False),
        ("flops = 327680", True),
        ("flops = 327681", False),
        ('flops = 327681\ntolerance = "0.0004%"', True),
        ('flops = 330957\ntolerance = "1%"', True),
        ('flops = 330990\ntolerance = "1%"', False),
        ('max_flops = 327679\ntolerance = "50%"', False),
        ("flops = 3.2768e5", True),
        ('flops = "2*L*E*E"', True),
        ('flops = "2*L*E*E - 1"', False),
        ('flops = "20E**2"', True),
        ('max_flops = "20E**2"', True),
        ('max_flops = "20E**2 - 1"', False),
        ('flops = "20*B*S*E**2"', True),
        ('flops = "20*S*E**2"', False),
        ('flops = "20*B*S*E**2 + B - 1"', False),
        ("params = 163968\nmacs = 163840\nvalid_macs = 163840\nbias_adds = 128\nelementwise = 0", True),
        ("output_elements = 128\nactivations = 128\nbytes = 661504", True),
        ("bytes = 330752\ndtype = 'bfloat16'", True),
        ("flops = 327808\ncount = 'bias'", True),
    ],
)  # fmt: skip
def test_a_limit_is_kept_or_not(line, passed):
    assert all(kept for _, kept, _ in check_outcomes(DENSE + line)) is passed


@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("max_ratio = 6", True),
        ("max_ratio = 5.99", False),
        ("min_ratio = 6.0", True),
        ("min_ratio = 6.01", False),
        ("ratio = 6", True),
        ('ratio = "6/1"', True),
        ('ratio = "3*L/5"', True),
        ('ratio = "2*L/5"', False),
        ('ratio = 6.05\ntolerance = "1%"', True),
        ('metric = "params"\nmax_ratio = 0.602', True),
        ('metric = "params"\nmax_ratio = 0.6', False),
        ('metric = "elementwise"\nmax_ratio = 6', False),
    ],
)
def test_a_ratio_is_kept_or_not(line, passed):
    results = entry_results(DENSE, f'{CONV}ratio_to = "dense"\n{line}')
    assert [each.passed for each in results["conv"].checks] == [passed]


def test_a_ratio_to_nothing_says_so():
    results = entry_results(DENSE, CONV + 'ratio_to = "dense"\nmetric = "elementwise"\nmin_ratio = 1')
    assert [each.reason for each in results["conv"].checks] == ["it is 0 in dense"]


UNPROVED = "not proved for all sizes"


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ('flops = "12*N*C**2*((L - 1)//2 + 1)"', ("flops", True, "")),
        ('flops = "12*N*C**2*((L + 1)//2)"', ("flops", True, "")),
        ('flops = "12*N*C**2*(L//2)"', ("flops", False, "")),
        ('max_flops = "6*N*C**2*(L + 1)"', ("max_flops", True, "")),
        ('max_flops = "6*N*C**2*L"', ("max_flops", False, "")),
        ('min_flops = "6*N*C**2*L"', ("min_flops", True, "")),
        ('min_flops = "6*N*C**2*L + 1"', ("min_flops", False, "")),
        ('params = "6*C**2 + 2*C"', ("params", True, "")),
        ('params = "6*C**2"', ("params", False, "")),
        ('params = "6*C**2"\ntolerance = "34%"', ("params", True, "")),
        ('params = "6*C**2"\ntolerance = "33%"', ("params", False, "")),
    ],
)
def test_with_sizes_free_a_formula_is_proved_or_not(line, outcome):
    assert check_outcomes(FREE + line) == [outcome]


def test_what_is_assumed_to_divide_divides():
    assert check_outcomes(HALVES + 'flops = "6*N*C*G*L"') == [("flops", True, "")]
    assert check_outcomes(HALVES + 'flops = "6*N*C*G*L + C"') == [("flops", False, "")]


def test_a_ratio_of_formulas_may_be_a_number_or_a_formula():
    other = '[entries.other]\nspec = "[N, C, L] -> Conv1d(C, C*K, 3, padding=1)"\nratio_to = "one"\n'
    one = '[entries.one]\nspec = "[N, C, L] -> Conv1d(C, C, 3, padding=1)"\n'
    for line, passed in (('ratio = "K"', True), ('ratio = "K + 1"', False), ('max_ratio = "2*K"', True)):
        assert [each.passed for each in entry_results(one, other + line)["other"].checks] == [passed]
    lines = ('metric = "output_elements"\nratio = "K"', 'metric = "params"\nratio = "K"')
    assert [entry_results(one, other + line)["other"].passed for line in lines] == [True, True]


def test_where_sizes_are_missing_a_number_can_not_be_a_limit():
    assert config_problems(FREE + "max_flops = 100") == [
        (
            3,
            "entries.free.max_flops",
            "C, L have no value in free\nGive it under sizes, or write the limit as a formula.",
        )
    ]


def test_a_number_may_be_the_limit_of_what_does_not_depend_on_free_sizes():
    line = 'spec = "[N, C, L] -> ReLU -> Conv1d(C, 2, 3)"\nsizes = { C = 4 }\nparams = 26'
    assert check_outcomes("[entries.a]", line) == [("params", True, "")]


def test_numbers_in_a_formula_have_to_divide():
    assert config_problems(DENSE + 'flops = "E/3"') == [
        (4, "entries.dense.flops", "128 / 3 is not a whole number\n  E/3\n  ^^^\nUse // to round down.")
    ]
