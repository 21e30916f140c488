"""Which design is the cheaper, in a sentence: every kind of answer once, whole."""

import json
from itertools import pairwise

import pytest

from convcost import compare
from convcost.render import render
from convcost.render.breakeven import open_verdicts
from convcost.render.cheapest import cheapest_notes
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
            "b ÷ a = 5/2 for all E.",
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
        "FLOPs, parameters and activations (outputs of contractions): b ÷ a = K; both have as many at K = 1, "
        "a has fewer above."
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


DENSE = "dense = [1, E] -> Linear(E, E)"
LOW = "low = [1, E] -> Linear(E, 100) -> Linear(100, E)"


def fewest_flops(*specs, **sizes):
    return cheapest_notes(compare(*specs, **sizes))[0]


@pytest.mark.parametrize(
    ("specs", "expected"),
    [
        (
            (DENSE, LOW, "fixed = [1, E] -> Linear(E, 10) -> Linear(10, 10000)"),
            "dense up to E = 199, dense and low (equal) at 200, low from 201 to 526, fixed from 527 on.",
        ),
        (
            ("a = [1, E] -> Linear(E, E/4)", "b = [1, E] -> Linear(E, 6)", "c = [1, E] -> Linear(E, 7)"),
            "a from E = 4 to 20, a and b (equal) at 24, b from 28 on.",
        ),
        (
            (
                "a = [1, 2, 8] -> Conv1d(2, 2, K)",
                "b = [1, 2, 8] -> Linear(8, K)",
                "c = [1, 2, 8] -> Linear(8, 2*K)",
            ),
            "b up to K = 4, a and b (equal) at 5, a from 6 to 8.",
        ),
        (
            ("a = [1, E] -> Linear(E, 8)", "b = [1, E] -> Linear(E, 8*K)", "c = [1, E] -> Linear(E, 80)"),
            "a and b (equal) at K = 1, a from 2 on.",
        ),
        ((DENSE, "b = [1, E] -> Linear(E, 2*E)", "c = [1, E] -> Linear(E, 3*E)"), "always dense."),
        ((DENSE, "b = [1, E] -> Linear(E, E)", "c = [1, E] -> Linear(E, E)"), "all equal."),
        (
            (DENSE, "b = [1, E] -> Linear(E, E)", "c = [1, E] -> Linear(E, 2*E)"),
            "always dense and b (equal).",
        ),
        (
            ("a = [1, E] -> Linear(E, F)", "b = [1, E] -> Linear(E, G)", "c = [1, E] -> Linear(E, 2G)"),
            "a or b, depending on F, G; c never has fewer.",
        ),
        (
            (
                "a = [1, 1, L] -> Conv1d(1, 2, 1, stride=2)",
                "b = [1, 1, L] -> Linear(L, 1)",
                "c = Linear(L, 20)",
            ),
            "a or b, depending on L; c never has fewer.",
        ),
        (
            (
                "a = [1, 2, L] -> Conv1d(2, 2, 9)",
                "b = [1, 2, 5] -> Conv1d(2, 2, L)",
                "c = [1, L] -> Linear(L, 80)",
            ),
            "no value of L fits all designs.",
        ),
    ],
)
def test_of_several_designs_the_cheapest_is_told(specs, expected):
    assert fewest_flops(*specs).split(": ", 1)[1] == expected


def test_quantities_of_which_the_same_have_fewest_are_told_together():
    notes = cheapest_notes(compare(DENSE, "b = [1, E] -> Linear(E, 2*E)", "c = [1, E] -> Linear(E, 3*E)"))
    assert notes == ["Fewest FLOPs, parameters and activations: always dense."]


def test_two_designs_have_their_break_even_points_alone():
    assert "Fewest" not in render(compare(DENSE, LOW), "table")
    assert "Fewest FLOPs: dense up to E = 199" in render(
        compare(DENSE, LOW, "[1, E] -> Linear(E, 900)"), "table"
    )


def test_json_has_the_cheapest_of_all_candidates():
    found = json.loads(render(compare(DENSE, LOW, "c = [1, E] -> Linear(E, 2*E)"), "json"))
    assert found["cheapest"]["flops"] == {
        "sizes": ["E"],
        "stretches": [
            {"start": 1, "end": 199, "candidates": ["dense"], "is_decided": True},
            {"start": 200, "end": 200, "candidates": ["dense", "low"], "is_decided": True},
            {"start": 201, "end": None, "candidates": ["low"], "is_decided": True},
        ],
    }
    assert "cheapest" not in json.loads(render(compare(DENSE, LOW, E=4), "json"))
