"""Which design is the cheaper, in a sentence: every kind of answer once, whole."""

import json
from itertools import pairwise

import pytest

from convcost import compare
from convcost.render import render
from convcost.render.breakeven import open_verdicts
from convcost.render.style import Style


def sentences(*specs, **sizes):
    comparison = compare(*specs, **sizes)
    return open_verdicts(comparison, comparison.candidates[1])


def flops(*specs, **sizes):
    return sentences(*specs, **sizes)[0]


LINEAR = "a = [1, E] -> Linear(E, E, bias=False)"


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        (
            (LINEAR, "b = [1, E] -> Linear(E, 553, bias=False)"),
            "b ÷ a = 553/E; a has fewer below E = 553, b has fewer above.",
        ),
        (
            (LINEAR, "b = [1, E] -> Linear(E, 3, bias=False) -> Linear(3, 1, bias=False)"),
            "b ÷ a = (3·E + 3)/E²; a has fewer below E = (3 + √21)/2 ≈ 3.79129, b has fewer above.",
        ),
        (
            ("a = [1, E] -> Linear(E, E*E)", "b = [1, E] -> Linear(E, E) -> Linear(E, 9) -> Linear(9, 100)"),
            "b ÷ a = (E² + 9·E + 900)/E³; a has fewer below E ≈ 10.321, b has fewer above.",
        ),
        (
            ("a = [1, E] -> Linear(E, 1280)", "b = [1, E] -> Linear(E, 7*E)"),
            "b ÷ a = 7·E/1,280; b has fewer below E = 1,280/7, a has fewer above.",
        ),
        (
            ("a = [1, E] -> Linear(E, 1280)", "b = [1, E] -> Linear(E, 77*E)"),
            "b ÷ a = 77·E/1,280; b has fewer below E = 1,280/77 ≈ 16.6234, a has fewer above.",
        ),
        (
            ("a = [1, E] -> Linear(E, 8)", "b = [1, E] -> Linear(E, 8*K)"),
            "b ÷ a = K; both have as many at K = 1, a has fewer above.",
        ),
        (
            ("a = [1, E] -> Linear(E, 2)", "b = [1, E] -> Linear(E, 2*K*L)"),
            "b ÷ a = K·L; a has fewer, or both as many where K·L = 1.",
        ),
        (
            ("a = [1, E] -> Linear(E, 5*K)", "b = [1, E] -> Linear(E, 3*L)"),
            "b ÷ a = 3·L/(5·K); b has fewer where 3·L < 5·K.",
        ),
        (
            ("a = [1, E] -> Linear(E, 2)", "b = [1, E] -> Linear(E, 5)"),
            "b ÷ a = 5/2, whatever E.",
        ),
        (("a = [1, E] -> ReLU", "b = [1, E] -> Linear(E, 5)"), "a has none, b 10·E."),
        (("a = [1, E] -> ReLU", "b = [1, E] -> GELU"), "a has none, b neither."),
        (
            ("a = [1, 1, L] -> Conv1d(1, 3, 1, stride=2)", "b = [1, 1, L] -> Conv1d(1, 2, 1, stride=1)"),
            "b ÷ a = 2·L/(3·⌊(L + 1)/2⌋); b has fewer below L = 2, a has fewer at 2, "
            "both have as many at 3, a has fewer from 4 on.",
        ),
    ],
)
def test_the_flops_are_told(specs, expected):
    assert flops(*specs).split(": ", 1)[1] == expected


def test_metrics_that_go_alike_are_told_together():
    assert sentences("a = [1, E] -> Linear(E, 2)", "b = [1, E] -> Linear(E, 2*K)") == [
        "FLOPs, parameters and activations: b ÷ a = K; both have as many at K = 1, a has fewer above."
    ]


def test_a_crossing_below_the_least_size_is_not_spoken_of():
    text = flops("a = [B, S, L*E] -> Linear(L*E, E)", "b = [B*S, E, L] -> Conv1d(E, E, L, padding=same)")
    assert "below" not in text


def test_a_ratio_that_is_too_long_is_left_out():
    chain = " -> ".join(f"Linear({letter}, {after})" for letter, after in pairwise("ABCDEFGHIJK"))
    first, *_ = sentences(f"a = [1, A] -> {chain}", "b = [1, A] -> Linear(A, K)")
    assert first.startswith("FLOPs: b has fewer")


def test_in_ascii_a_root_is_a_function():
    text = render(
        compare(LINEAR, "b = [1, E] -> Linear(E, 3, bias=False) -> Linear(3, 1, bias=False)"),
        "markdown",
        Style(unicode=False),
    )
    assert "below E = (3 + sqrt(21))/2 ~ 3.79129" in text


def test_json_has_each_crossing_exact_and_about():
    result = compare(LINEAR, "b = [1, E] -> Linear(E, 3, bias=False) -> Linear(3, 1, bias=False)")
    assert json.loads(render(result, "json"))["break_even"]["flops"] == {
        "size": "E",
        "crossings": ["(3 + sqrt(21))/2"],
        "about": [pytest.approx(3.7912878)],
        "cheaper": ["a", "b"],
        "condition": None,
        "equal_where": None,
        "exact": True,
    }


def test_json_has_the_condition_for_a_program():
    result = compare("a = [1, E] -> Linear(E, 1250*K)", "b = [1, E] -> Linear(E, 2*L*L)")
    assert json.loads(render(result, "json"))["break_even"]["flops"]["condition"] == "L**2 < 625*K"
