"""Matching costs: the sizes found are those of trying every size, and what makes no sense is refused."""

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.errors import ConvcostError, UnboundSizeError, UsageError

DENSE = "Linear(10E, E)"
CONV = "2 x Conv1d(W, W, 3, padding=1)"


def cost_of(spec, metric, sizes):
    """The cost at plain sizes, or None where they are not possible."""
    try:
        return getattr(spec.report(sizes), metric)
    except ConvcostError:
        return None


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
)


@pytest.mark.parametrize(("text", "fixed"), DESIGNS, ids=[text for text, _ in DESIGNS])
@settings(max_examples=20)
@given(
    target=st.one_of(st.integers(0, 2000), st.integers(0, 500_000)),
    metric=st.sampled_from(("flops", "macs", "params", "bytes")),
    minimum=st.integers(0, 9),
    maximum=st.integers(16, 70),
    multiple_of=st.sampled_from((1, 1, 2, 3, 8)),
)
def test_one_size_is_matched_as_by_trying_every_size(
    text, fixed, target, metric, minimum, maximum, multiple_of
):
    name = next((name for name, size in fixed.items() if size is None), "X")
    given_sizes = {name: size for name, size in fixed.items() if size is not None}
    limits = {"minimum": minimum, "maximum": maximum, "multiple_of": multiple_of}
    match = convcost.match(text, vary=name, metric=metric, budget=target, **limits, **given_sizes)

    spec = convcost.parse(text)
    tried = {
        size: cost_of(spec, metric, {**given_sizes, name: size})
        for size in range(minimum, maximum + 1)
        if size % multiple_of == 0
    }
    costs = {size: cost for size, cost in tried.items() if cost is not None}
    nearest = min((abs(cost - target) for cost in costs.values()), default=None)
    best = [(size, cost) for size, cost in costs.items() if abs(cost - target) == nearest]
    below = (
        max((cost, size) for size, cost in costs.items() if cost < target)
        if any(cost < target for cost in costs.values())
        else None
    )
    above = min(((cost, size) for size, cost in costs.items() if cost > target), default=None)

    assert match.complete
    assert sorted((choice.sizes[name], choice.cost) for choice in match.best)[:16] == best[:16]
    assert (match.below and (match.below.cost, match.below.sizes[name])) == below
    assert (match.above and (match.above.cost, match.above.sizes[name])) == above


PAIRS = (
    ("Conv1d(X, X, Y)", {"L": 12}),
    ("Conv1d(X, X, Y, padding=same)", {"L": 12}),
    ("Linear(X, Y) -> ReLU -> Linear(Y, X)", {}),
    ("Conv1d(X, 2X, 3, groups=Y)", {"L": 12}),
    ("Conv1d(3, X, 3, stride=Y)", {"L": 12}),
    ("Conv1d(X/2, X, Y//2 + 1)", {"L": 12}),
)


@pytest.mark.parametrize(("text", "fixed"), PAIRS, ids=[text for text, _ in PAIRS])
@settings(max_examples=12)
@given(
    budget=st.one_of(st.integers(0, 2000), st.integers(0, 100_000)),
    metric=st.sampled_from(("flops", "params")),
    maximum=st.integers(1, 16),
    multiple_of=st.sampled_from((1, 2)),
)
def test_pairs_are_those_that_no_other_pair_outdoes(text, fixed, budget, metric, maximum, multiple_of):
    limits = {"maximum": {"X": 16, "Y": maximum}, "multiple_of": {"X": multiple_of}}
    match = convcost.match(text, vary="X,Y", metric=metric, budget=budget, **limits, **fixed)

    spec = convcost.parse(text)
    within = {
        (x, y): cost
        for x in range(multiple_of, 17, multiple_of)
        for y in range(1, maximum + 1)
        if (cost := cost_of(spec, metric, {**fixed, "X": x, "Y": y})) is not None and cost <= budget
    }
    undone = [
        (*pair, cost)
        for pair, cost in sorted(within.items())
        if not any(other != pair and other[0] >= pair[0] and other[1] >= pair[1] for other in within)
    ]
    assert [(*choice.sizes.values(), choice.cost) for choice in match.choices] == undone


def test_the_width_at_which_two_convolutions_cost_what_the_dense_layer_does():
    match = convcost.match(DENSE, CONV, vary="W", E=128, L=10)
    assert (match.target, match.below.sizes, match.above.sizes) == (327_680, {"W": 52}, {"W": 53})
    assert [(choice.sizes, choice.cost, choice.difference) for choice in match.best] == [
        ({"W": 52}, 324_480, -3_200)
    ]


def test_sizes_of_every_length_are_matched_in_less_than_a_second():
    start = time.perf_counter()
    match = convcost.match(CONV, vary="W", budget=120 * 987_654_321_012**2, L=10)
    assert [(choice.sizes["W"], choice.difference) for choice in match.best] == [(987_654_321_012, 0)]
    assert time.perf_counter() - start < 1


def test_a_varied_name_of_the_first_design_keeps_its_value_there():
    match = convcost.match("Linear(E, E)", "Conv1d(E, E, 3)", vary="E", E=128, L=10)
    assert (match.target, match.best[0].sizes) == (2 * 128**2, {"E": 26})


def test_a_size_stays_below_what_a_spec_can_have():
    match = convcost.match("[B, X**3] -> Linear(X**3, 8)", vary="X", budget=10**40)
    assert match.best[0].sizes == {"X": 10**10}


def test_both_sides_are_given_where_they_are_as_near():
    match = convcost.match("Linear(X, 1)", vary="X", budget=7, metric="macs", multiple_of=2)
    assert [choice.sizes["X"] for choice in match.best] == [6, 8]


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
        "No X from 11 to 1,000,000,000,000 is possible. With X = 11: Linear: the input's last dimension is "
        "10, but in_features is 11.",
    )


def test_where_no_pair_keeps_within_the_target_the_match_says_so():
    match = convcost.match("Linear(X, Y)", vary="X,Y", budget=20, minimum=4)
    assert (match.found, match.choices) == (False, ())
    assert match.notes[-1].endswith("keeps within the target. X = 4, Y = 4 already cost 32.")


def test_more_pairs_than_can_be_tried_are_spread_and_said_to_be():
    match = convcost.match("Linear(X, Y)", vary=("X", "Y"), budget=10**12)
    assert not match.complete
    assert match.notes == ("There are more choices; these are spread over X up to 500,000,000,000.",)
    assert all(0 >= choice.difference > -(10**6) for choice in match.choices)


def test_a_search_that_was_cut_short_says_so():
    match = convcost.match("Conv1d(1, 1, 3, stride=X)", vary="X", budget=10**4, L=10**9)
    assert not match.complete
    assert match.notes[-1].startswith("The search was cut short: X was not tried everywhere from ")
    assert abs(match.best[0].difference) < 100


def test_a_match_prints_its_table():
    assert " closest      52   324,480" in str(convcost.match(DENSE, CONV, vary="W", E=128, L=10))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((DENSE, CONV), {"vary": "w"}, "no size of 2 x Conv1d is called w (did you mean W?)"),
        ((DENSE, CONV), {"vary": "E"}, "no size of 2 x Conv1d is called E"),
        (
            (DENSE, "[1, 3] -> Linear(3, 4)"),
            {"vary": "W"},
            "no size of Linear is called W\nIt has no open size.",
        ),
        ((DENSE, CONV), {"vary": "W", "F": 3}, "no size is called F"),
        ((DENSE, CONV), {"vary": "W", "W": 3}, "W is varied and has a value"),
        ((CONV,), {"vary": "W"}, "there is nothing to match"),
        ((DENSE, CONV), {"vary": "W", "budget": 5}, "a budget takes the first design's place"),
        ((CONV,), {"vary": "W", "budget": 5.5}, "budget is 5.5; a size is a whole number"),
        ((CONV,), {"vary": "W", "budget": "5 apples"}, "'5 apples' is not a whole number of FLOPs"),
        (
            (DENSE, CONV),
            {"vary": "W", "metric": "flop"},
            "no metric to match is called flop (did you mean flops?)",
        ),
        ((DENSE, CONV), {"vary": "W,W"}, "one size or two are varied, not W, W"),
        ((DENSE, CONV), {"vary": ()}, "one size or two are varied, not none"),
        ((DENSE, CONV), {"vary": "W", "minimum": 9, "maximum": 8}, "no size W is from 9 to 8"),
        (
            (DENSE, CONV),
            {"vary": "W", "multiple_of": 8, "maximum": 7, "minimum": 1},
            "no size W is a multiple of 8, from 1 to 7",
        ),
        ((DENSE, CONV), {"vary": "W", "multiple_of": 0}, "the multiple for W is 0"),
        ((DENSE, CONV), {"vary": "W", "minimum": -1}, "the minimum for W is -1"),
        ((DENSE, CONV), {"vary": "W", "maximum": 10**19}, "the maximum for W is beyond 1e+18"),
        ((DENSE, CONV), {"vary": "W", "minimum": {"V": 8}}, "minimum of V, which is not varied"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(arguments, options, message):
    sizes = {"E": 128, "L": 10} if len(arguments) > 1 and "Conv" in arguments[1] else {}
    sizes = sizes or ({"E": 128} if arguments[0] == DENSE else {"L": 10})
    with pytest.raises(UsageError) as refusal:
        convcost.match(*arguments, **sizes | options)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({"E": 128}, "L has no value"), ({"L": 10}, "E has no value")],
)
def test_a_size_without_a_value_is_asked_for(sizes, message):
    with pytest.raises(UnboundSizeError, match=message):
        convcost.match(DENSE, CONV, vary="W", **sizes)


def test_matching_loads_nothing_heavy():
    script = (
        "import convcost, sys; convcost.match('Linear(X, X)', vary='X', budget=100); "
        "print([name for name in ('sympy', 'torch', 'numpy', 'rich') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
