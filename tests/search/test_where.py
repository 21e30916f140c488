"""Conditions: what they mean, on columns and on numbers, and what is said of those that can't be read."""

from fractions import Fraction

import numpy as np
import pytest

from convcost.core.errors import SpecError, UsageError
from convcost.search.where import RELATIONS, WhereQuotient, parse_condition
from convcost.symbolic.columns import Column

KNOWN = ("flops", "params", "C", "K", "ratio")


def holds(text, **values):
    return bool(
        parse_condition(text, KNOWN).holds({name: WhereQuotient(value) for name, value in values.items()})
    )


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("C = 4", True),
        ("C == 4", True),
        ("C != 4", False),
        ("C<=4", True),
        ("C < 4", False),
        ("C >= 4.5", False),
        ("1 < C < K", False),
        ("1 < C <= 4 <= flops", True),
        ("not C = 4", False),
        ("not not C = 4", True),
        ("not C = 4 or K = 3", True),
        ("not (C = 4 or K = 3)", False),
        ("C = 5 and C = 5 or K = 3", True),
        ("K = 3 or C = 5 and C = 5", True),
        ("(K = 3 or C = 5) and C = 5", False),
        ("C = 5 AND K = 3 OR NOT C = 5", True),
        ("flops <= 1G", True),
        ("flops = 1M", True),
        ("flops = 1e6", True),
        ("flops = 1_000K", True),
        ("flops < 1Mi", True),
        ("flops = 0.001G", True),
        ("flops >= 1Ki * 977", False),
        ("C + K = 7", True),
        ("C - K - 1 = 0", True),
        ("2 * (C + K) = 14", True),
        ("2 * C + K = 11", True),
        ("(C) < ((K + 2))", True),
        ("((C < 5))", True),
        ("flops / C = 250K", True),
        ("flops / C / C / 2 * 2 = 62.5K", True),
        ("C / K > 1.33333333333", True),
        ("C / K < 1.33333333334", True),
        ("1 / (C / K) = 3 / 4", True),
        ("1 / (K - C) = 0 - 1", True),
        ("(K - C) / (K - C) = 1", True),
        ("7 / (K - C) < 7 / (C - K)", True),
        ("C / (C - 4) > 0 or C / (C - 4) <= 0 or C / (C - 4) != 1", False),
        ("not C / (C - 4) > 0", True),
        ("C / (C / (C - 4)) >= 0", False),
    ],
)
def test_a_condition_holds(text, is_so):
    assert holds(text, C=4, K=3, flops=10**6) is is_so


def test_on_columns_it_has_a_truth_for_each_place():
    condition = parse_condition("C * C > 4 and not (ratio >= 0.5) or C = 1", KNOWN)
    column = Column(np.array([1, 2, 3, 4]))
    found = condition.holds({"C": WhereQuotient(column), "ratio": WhereQuotient(1, column)})
    assert np.asarray(found).tolist() == [True, False, True, True]


def test_nothing_holds_of_what_is_over_nothing():
    ratio = {"ratio": WhereQuotient(3, Column(np.array([0, 1])))}
    for text in ("ratio > 1", "ratio >= 0", "ratio != 7", "ratio + 1 > 0"):
        assert np.asarray(parse_condition(text, KNOWN).holds(ratio)).tolist() == [False, True]
    assert np.asarray(parse_condition("ratio < 1", KNOWN).holds(ratio)).tolist() == [False, False]


def test_a_quotient_is_exact_on_columns_whatever_its_signs():
    numbers = [-3, -2, -1, 0, 1, 2, 3]
    pairs = [(c, k) for c in numbers for k in numbers]
    columns = {
        name: WhereQuotient(Column(np.array(values)))
        for name, values in zip("CK", zip(*pairs, strict=True), strict=True)
    }
    for sign, relation in RELATIONS.items():
        found = parse_condition(f"C / (K * K * K) / 3 {sign} K / (C - 1)", KNOWN).holds(columns)
        expected = [
            bool(k and c != 1 and relation(Fraction(c, 3 * k**3), Fraction(k, c - 1))) for c, k in pairs
        ]
        assert np.asarray(found).tolist() == expected


def test_numbers_beyond_64_bits_are_compared_exactly():
    assert holds("params = 100000000000000000000000000001", params=10**29 + 1)
    assert not holds("params = 100000000000000000000000000001", params=10**29)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", 0, "unexpected end; expected a quantity"),
        ("flops", 5, "unexpected end; expected a comparison"),
        ("flops <=", 8, "unexpected end; expected a quantity"),
        ("flops <= 1G parms < 2", 12, "found 'parms'; expected 'and', 'or'"),
        ("flops <= 1X", 9, "found '1X'; expected a quantity"),
        ("flops <= 1.2.3", 9, "found '1.2.3'; expected a quantity"),
        ("flop <= 1", 0, "no quantity or size is called flop (did you mean flops?)"),
        ("(flops <= 1", 11, "unexpected end; expected ')'"),
        ("flops <= 1)", 10, "found ')'; expected 'and', 'or'"),
        ("flops <= 1 and", 14, "unexpected end; expected a quantity"),
        ("flops => 1", 7, "found '>'; expected a quantity"),
        ("flops <= 1; C", 10, "found ';'"),
        ("and", 0, "found 'and'; expected a quantity"),
        ("(C + 1", 6, "unexpected end; expected ')'"),
        ("C // 2 = 1", 3, "found '/'; expected a quantity"),
        ("C / = 1", 4, "found '='; expected a quantity"),
        ("C / 0.0 = 1", 4, "a division by zero"),
    ],
)
def test_an_error_points_at_what_is_wrong(text, place, message):
    with pytest.raises(SpecError) as caught:
        parse_condition(text, KNOWN)
    assert caught.value.message.startswith(message)
    assert caught.value.span.start == place


@pytest.mark.parametrize("text", ["(" * 60 + "C = 1" + ")" * 60, "(" * 60 + "C" + ")" * 60 + " = 1"])
def test_what_is_nested_too_deep_is_refused(text):
    with pytest.raises(SpecError, match="nested more than 50 deep"):
        parse_condition(text, KNOWN)


def test_what_is_too_long_is_refused():
    with pytest.raises(UsageError, match="characters"):
        parse_condition("C = 1 and " * 300 + "C = 1", KNOWN)
    assert holds("not " * 401 + "C = 1", C=2)
