"""Matching costs: the sizes found are those of trying every size, below it and above it."""

import subprocess
import sys
import time

import pytest
from brute_force import cost_of, costs_of, target_of
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost

DENSE = "Linear(10E, E)"
CONV = "2 x Conv1d(W, W, 3, padding=1)"
THREE_STRIDES = " -> ".join(["Conv1d(8, 8, 3, stride=X)"] * 3)

DESIGNS = (
    ("Linear(X, 3X + 2)", {}),
    ("Linear(12, X) -> ReLU -> Linear(X, A)", {"A": 7}),
    ("Conv1d(X, X, 3, padding=1)", {"L": 6}),
    ("Conv1d(X, A, 5, padding=same) -> ReLU -> Conv1d(A, X, 3)", {"L": 9, "A": 4}),
    ("Conv1d(24, 36, 3, groups=X)", {"L": 8}),
    ("Conv1d(X, 2X, 3, groups=X/4)", {"L": 8}),
    ("Conv1d(X, X, 3, groups=X)", {"L": 8}),
    ("Conv1d(3, 4, X)", {"L": 40}),
    ("Conv1d(3, 4, X, padding=same)", {"L": 11}),
    ("Conv1d(3, 4, X, padding=X//2, stride=2)", {"L": 17}),
    ("Conv1d(3, 4, 3, stride=X)", {"L": 50}),
    ("Conv1d(3, 4, 3, dilation=X)", {"L": 50}),
    ("Conv1d(3, 4, 3, padding=X - 1)", {"L": 5}),
    ("Conv1d(3, 4, 3, padding=X, padding_mode=circular)", {"L": 20}),
    ("Conv1d(3, 4, X, stride=X, dilation=2)", {"L": 60}),
    ("Conv1d(3, 4, 4, stride=3, dilation=2, padding=5)", {"L": None}),
    ("Conv2d(3, X, (3, A), stride=2)", {"H": 9, "W": 8, "A": 2}),
    ("ConvTranspose1d(X, 4, 3, stride=2, padding=1, output_padding=1)", {"L": 5}),
    ("ConvTranspose1d(3, 4, 3, stride=X, output_padding=2)", {"L": 5}),
    ("[B, 3, X] -> MaxPool1d(3, 2, ceil_mode=True) -> Conv1d(3, 5, 2)", {}),
    ("[B, 3, 30] -> MaxPool1d(X) -> Conv1d(3, 5, 2)", {}),
    ("[B, 3, 30] -> AvgPool1d(X, ceil_mode=True) -> Conv1d(3, 5, 1)", {}),
    ("[B, 24] -> Unflatten(1, (X, -1)) -> Linear(24/X, 5)", {}),
    ("[B, X, 6] -> GroupNorm(4, X) -> Flatten(1) -> Linear(6X, 3)", {}),
    ("[B, X] -> Linear(12, 5)", {}),
    ("Embedding(X, 8) -> Linear(8, X)", {}),
    ("Bilinear(X, 3, X//2)", {}),
    ("[B, X**2] -> Linear(X*X, X) -> LayerNorm(X)", {}),
    ("[B, X, L] -> BatchNorm1d(X) -> Conv1d(X, X, 1, bias=False) -> AdaptiveAvgPool1d(1)", {"L": 5}),
    ("[B, X, 6] -> x + (Conv1d(X, X, 3, padding=1) -> ReLU) + [12, 6]", {}),
    ("[B, X, 6] -> x * (AdaptiveAvgPool1d(1) -> Conv1d(X, X/4, 1) -> Conv1d(X/4, X, 1) -> Sigmoid)", {}),
    (
        "[B, A, 6] -> concat(Conv1d(A, X, 1), Conv1d(A, 8, 3, padding=1), dim=1) -> Conv1d(X + 8, A, 1)",
        {"A": 5},
    ),
    ("[B, X, 6] -> matmul(x, Linear(6, 6) -> permute(0, 2, 1)) -> Softmax(-1) -> reshape(B, X*X)", {}),
    ('[B, X, 8] -> einsum("bqd,bkd->bqk", Linear(8, 4), [B, X//2 + 1, 4]) -> select(1, 2)', {}),
    ("block(C) = x + Linear(C, C); [B, 3, X] -> 3 x block(X) -> mean(1)", {}),
)


@pytest.mark.parametrize(("text", "fixed"), DESIGNS, ids=[text for text, _ in DESIGNS])
@settings(max_examples=20)
@given(
    target=st.one_of(st.integers(1, 2000), st.integers(1, 500_000)),
    metric=st.sampled_from(("flops", "macs", "params", "bytes")),
    budget=st.booleans(),
    minimum=st.integers(0, 9),
    maximum=st.integers(16, 70),
    multiple_of=st.sampled_from((1, 1, 2, 3, 8)),
)
def test_one_size_is_matched_as_by_trying_every_size(
    text, fixed, target, metric, budget, minimum, maximum, multiple_of
):
    name = next((name for name, size in fixed.items() if size is None), "X")
    given_sizes = {name: size for name, size in fixed.items() if size is not None}
    limits = {"minimum": {name: minimum}, "maximum": {name: maximum}, "multiple_of": {name: multiple_of}}
    within_budget = budget or metric in {"flops", "bytes"}
    in_front, options = target_of(target, within_budget)
    match = convcost.match(*in_front, text, vary=name, metric=metric, **limits, **options, **given_sizes)

    costs = {size: cost for (size,), cost in costs_of(text, metric, limits, given_sizes).items()}
    eligible = [cost for cost in costs.values() if cost <= target or not within_budget]
    nearest = min((abs(cost - target) for cost in eligible), default=None)
    best = [
        (size, cost) for size, cost in costs.items() if cost in eligible and abs(cost - target) == nearest
    ]
    below = max(((cost, size) for size, cost in costs.items() if cost < target), default=None)
    above = min(((cost, size) for size, cost in costs.items() if cost > target), default=None)

    assert match.complete
    assert sorted((choice.sizes[name], choice.cost) for choice in match.best)[:16] == best[:16]
    assert (match.below and (match.below.cost, match.below.sizes[name])) == below
    assert (match.above and (match.above.cost, match.above.sizes[name])) == above


def test_the_width_at_which_two_convolutions_cost_what_the_dense_layer_does():
    match = convcost.match(DENSE, CONV, vary="W", E=128, L=10)
    assert (match.target, match.below.sizes, match.above.sizes) == (327_680, {"W": 52}, {"W": 53})
    assert [(choice.sizes, choice.cost, choice.difference) for choice in match.best] == [
        ({"W": 52}, 324_480, -3_200)
    ]


@pytest.mark.parametrize(
    ("text", "budget", "options", "best"),
    [
        (CONV, 120 * 987_654**2, {"L": 10}, (987_654, 0)),
        ("Conv1d(X, 2X, 3, groups=X/4)", 10**9, {"L": 100}, (212_584, -4_864)),
        ("Conv1d(720720, 720720, 3, groups=X)", 10**13, {"L": 100}, (33, -744_571_417_600)),
        ("Conv1d(1, 1, 3, stride=X)", 10**4, {"L": 10**9}, (600_241, -4)),
        ("Conv1d(8, 8, X, stride=3, padding=X//2)", 10**11, {"L": 10**6}, (2343, -31_800_064)),
        (THREE_STRIDES, 10**12, {"L": 10**10}, (5, -47_680_000_000)),
        ("[B, 8, X] -> Conv1d(8, 8, 5, 3) -> Conv1d(8, 8, 5, 4)", 10**7, {}, (37_502, -640)),
        ("Conv1d(X, X, 3)", 6 * 10**14 * 777_777**2 + 5, {"L": 10**14 + 2}, (777_777, -5)),
        ("Conv1d(X, X, 3)", 6 * 10**20 * 777_777**2 + 5, {"L": 10**20 + 2}, (777_777, -5)),
        ("[X, 3, X*X] -> Conv1d(3, 8, X//3)", 10**25, {}, None),
    ],
)
def test_sizes_up_to_2_to_the_20_are_matched_exactly_in_less_than_a_second(text, budget, options, best):
    name = "X" if "W" not in text else "W"
    start = time.process_time()
    match = convcost.match(text, vary=name, budget=budget, **options)
    assert time.process_time() - start < 1
    assert match.complete
    assert best is None or (*match.best[0].sizes.values(), match.best[0].difference) == best
    for choice in (*match.best, match.above):
        assert choice.report.flops == choice.cost == budget + choice.difference
    size = match.best[0].sizes[name]
    others = (cost_of(convcost.parse(text), "flops", {name: size + step, **options}) for step in (-1, 1))
    assert not any(match.best[0].cost < cost <= budget for cost in others if cost is not None)


def test_a_varied_name_of_the_first_design_keeps_its_value_there():
    match = convcost.match("Linear(E, E)", "Conv1d(E, E, 3)", vary="E", E=128, L=10)
    assert (match.target, match.best[0].sizes) == (2 * 128**2, {"E": 26})


def test_a_size_stays_below_what_a_spec_can_have():
    match = convcost.match("[B, X**6] -> Linear(X**6, 8)", vary="X", budget=10**40)
    assert match.best[0].sizes == {"X": 10**5}


def test_both_sides_are_given_where_they_are_as_near():
    match = convcost.match("Linear(7, 1)", "Linear(X, 1)", vary="X", metric="macs", multiple_of=2)
    assert [choice.sizes["X"] for choice in match.best] == [6, 8]


def test_a_budget_is_not_exceeded_where_what_exceeds_it_is_nearer():
    match = convcost.match("Linear(X, X)", vary="X", budget=2 * 11**2 - 1)
    assert [(choice.sizes["X"], choice.difference) for choice in match.best] == [(10, -41)]
    assert (match.at_most, match.above.sizes, match.above.difference) == (True, {"X": 11}, 1)


def test_another_design_is_matched_from_above_where_that_is_nearer():
    match = convcost.match("Linear(11, 11, bias=False)", "Linear(X, X)", vary="X", metric="params")
    assert [(choice.sizes["X"], choice.difference) for choice in match.best] == [(10, -11), (11, 11)]
    assert not match.at_most


def test_many_sizes_of_one_cost_are_counted():
    match = convcost.match("[4, 4, X] -> MaxPool1d(3)", vary="X", budget=0, maximum=100)
    assert len(match.best) == 16
    assert match.notes == ("98 values of X cost the same, from 3 to 100; the first 16 are listed.",)


def test_a_budget_is_given_in_words_too():
    match = convcost.match("Linear(X, X)", vary="X", budget="2 MFLOPs")
    assert (match.target, match.best[0].sizes) == (2_000_000, {"X": 1000})


def test_bytes_are_of_the_usual_dtype():
    match = convcost.match("Linear(X, 1, bias=False)", vary="X", metric="bytes", budget=804)
    assert match.best[0].sizes == {"X": 100}


def test_where_no_size_is_possible_the_match_says_why():
    match = convcost.match("[4, 10] -> Linear(X, 1)", vary="X", budget=20, minimum=11)
    assert not match.found
    assert match.notes == (
        "No X from 11 to 1,048,576 is possible. With X = 11: Linear: the input's last dimension is "
        "10, but in_features is 11.",
    )


def test_where_nothing_keeps_within_the_budget_the_match_names_the_cheapest():
    match = convcost.match("Conv1d(8, 8, 3, stride=X)", vary="X", budget=100, maximum=20, L=20)
    assert not match.found
    assert match.notes == ("No X from 1 to 20 stays within the budget: the cheapest, X = 18, has 384 FLOPs.",)
    assert match.above.sizes == {"X": 18}


@pytest.mark.parametrize(
    ("text", "options", "notes"),
    [
        (
            "Linear(X, X)",
            {"maximum": 9},
            ("X = 9 is the largest that was tried; a larger one may be closer.",),
        ),
        (
            "Linear(X, X)",
            {"maximum": 17, "multiple_of": 5},
            ("X = 15 is the largest that was tried; a larger one may be closer.",),
        ),
        ("Linear(X, X)", {"maximum": 50}, ()),
        ("Linear(X, 800)", {"maximum": 1}, ()),
        ("Conv1d(1, 1, 3, stride=X)", {"L": 1000, "maximum": 4}, ()),
        (
            "Conv1d(1, 1, X)",
            {"L": 9},
            ("The largest values of X are impossible: the padded length is 9; it must be at least 1048576.",),
        ),
        (
            "Conv1d(1, 1, 3, stride=X)",
            {"L": 9, "minimum": 2},
            ("X = 2 is the smallest that was tried; a smaller one may be closer.",),
        ),
        ("Conv1d(1, 1, 3, stride=X)", {"L": 9}, ()),
    ],
)
def test_a_best_at_the_end_of_what_was_tried_is_said_to_be_there(text, options, notes):
    assert convcost.match(text, vary="X", budget=1600, **options).notes == notes


def test_a_size_may_have_any_name():
    match = convcost.match("Linear(self, name)", vary="self,name", budget=18, maximum=3)
    assert [choice.sizes for choice in match.best] == [{"self": 3, "name": 3}]


def test_a_match_prints_its_table():
    assert " closest      52   324,480" in str(convcost.match(DENSE, CONV, vary="W", E=128, L=10))


def test_matching_loads_no_more_than_numpy():
    script = (
        "import convcost, sys; convcost.match('Linear(X, X)', vary='X', budget=100); "
        "print([name for name in ('sympy', 'torch', 'numpy', 'rich') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "['numpy']\n"
