"""Signs that ASCII lacks, spelled out."""

import pytest

from convcost.render.style import as_ascii


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("√553/2 ≈ 11.758", "sqrt(553)/2 ~ 11.758"),
        ("(1 + √1,111)/2", "(1 + sqrt(1,111))/2"),
        ("√(E + 1)", "sqrt(E + 1)"),
        ("√hidden·E", "sqrt(hidden)*E"),
        ("⌊(L − K)/2⌋ + 1", "floor((L - K)/2) + 1"),
        ("1,280,000·E²", "1,280,000*E^2"),
        ("L ≥ 3·K", "L >= 3*K"),
    ],
)
def test_a_formula_is_spelled_out_in_ascii(text, expected):
    assert as_ascii(text) == expected
