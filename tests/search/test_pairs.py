"""Matching two sizes at once: the pairs found are those of trying every pair."""

import pytest
from brute_force import LIMITS, convolutions, costs_of, near, target_of, undone
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcost
from convcost.core.errors import UsageError

PAIRS = (
    ("Conv1d(X, X, Y)", {"L": 12}),
    ("Conv1d(X, X, Y, padding=same)", {"L": 12}),
    ("Linear(X, Y) -> ReLU -> Linear(Y, X)", {}),
    ("Conv1d(X, 2X, 3, groups=Y)", {"L": 12}),
    ("Conv1d(X, X, 3, groups=X/Y)", {"L": 9}),
    ("Conv1d(3, X, 3, stride=Y)", {"L": 12}),
    ("Conv1d(12, 12, X, stride=Y)", {"L": 14}),
    ("Conv1d(12, 12, X, dilation=Y)", {"L": 16}),
    ("Conv1d(12, 12, 3, stride=X, dilation=Y)", {"L": 20}),
    ("Conv1d(12, 12, 3, padding=Y, stride=X)", {"L": 16}),
    ("Conv1d(4, 4, X, padding=Y)", {"L": 9}),
    ("Conv1d(X/2, X, Y//2 + 1)", {"L": 12}),
    ("ConvTranspose1d(X, 4, 3, stride=Y, padding=1)", {"L": 5}),
    ("[B, 3, 30] -> AvgPool1d(X, Y, ceil_mode=True) -> Conv1d(3, 5, 2)", {}),
    ("Linear(X/4, Y/6)", {}),
)

LIMIT = st.fixed_dictionaries(
    {
        "minimum": st.integers(0, 3),
        "maximum": st.integers(3, 16),
        "multiple_of": st.sampled_from((1, 1, 2, 3)),
    }
)


NEAR = {"place": st.integers(0, 300), "off": st.sampled_from((-1, 0, 0, 1, 7))}


def check(text, fixed, limits, metric, budget, place, off):
    """That the match has what trying every pair finds."""
    by_name = {kind: {name: limits[name][kind] for name in ("X", "Y")} for kind in LIMITS}
    costs = costs_of(text, metric, by_name, fixed)
    target = near(costs, place, off)
    in_front, options = target_of(target, budget)
    match = convcost.match(*in_front, text, vary="X,Y", metric=metric, **by_name, **options, **fixed)

    within = [cost for cost in costs.values() if cost <= target]
    least = min((abs(cost - target) for cost in (within if budget else costs.values())), default=None)
    assert match.complete
    assert [(tuple(choice.sizes.values()), choice.cost) for choice in match.choices] == undone(costs, target)
    assert {abs(choice.difference) for choice in match.best} == ({least} - {None})
    assert all(costs[tuple(choice.sizes.values())] == choice.cost for choice in match.best)
    below = max((cost for cost in within if cost < target), default=None)
    above = min((cost for cost in costs.values() if cost > target), default=None)
    assert (match.below and match.below.cost, match.above and match.above.cost) == (below, above)


@pytest.mark.parametrize(("text", "fixed"), PAIRS, ids=[text for text, _ in PAIRS])
@settings(max_examples=8)
@given(
    limits=st.fixed_dictionaries({"X": LIMIT, "Y": LIMIT}),
    metric=st.sampled_from(("macs", "params")),
    budget=st.booleans(),
    where=st.fixed_dictionaries(NEAR),
)
def test_pairs_are_those_of_trying_every_pair(text, fixed, limits, metric, budget, where):
    assume(all(limit["maximum"] >= limit["multiple_of"] for limit in limits.values()))
    assume(all(limit["minimum"] <= limit["multiple_of"] for limit in limits.values()))
    check(text, fixed, limits, metric, budget, **where)


@settings(max_examples=40)
@given(
    text=convolutions(),
    maximum=st.fixed_dictionaries({"X": st.integers(1, 12), "Y": st.integers(1, 12)}),
    length=st.integers(1, 16),
    metric=st.sampled_from(("macs", "params")),
    budget=st.booleans(),
    where=st.fixed_dictionaries(NEAR),
)
def test_sizes_anywhere_in_a_design_are_found(text, maximum, length, metric, budget, where):
    names = convcost.parse(text).names
    assume({"X", "Y"} <= set(names))
    fixed = {name: length for name in names if name in {"L", "H", "W"}}
    limits = {name: {"minimum": 0, "maximum": most, "multiple_of": 1} for name, most in maximum.items()}
    check(text, fixed, limits, metric, budget, **where)


@pytest.mark.parametrize(
    ("text", "options", "best"),
    [
        ("Conv1d(12, 12, X, stride=Y)", {"metric": "macs", "budget": 119_714, "L": 14}, (7, 1, 8064)),
        ("Conv1d(12, 12, X, dilation=Y)", {"budget": 66_392, "L": 16}, (8, 1, 20_736)),
    ],
)
def test_where_cost_falls_as_a_size_grows_the_closest_has_it_small(text, options, best):
    match = convcost.match(text, vary="X,Y", maximum=20, **options)
    assert [(*choice.sizes.values(), choice.cost) for choice in match.best] == [best]


def test_a_budget_that_only_a_large_stride_keeps_is_matched():
    match = convcost.match("Conv1d(8, 8, X, stride=Y)", vary="X,Y", budget=10**4, L=1000)
    assert (match.complete, match.best[0].sizes, match.best[0].cost) == (True, {"X": 2, "Y": 26}, 9984)


def test_a_target_is_matched_from_above_where_that_is_nearer():
    match = convcost.match("Linear(11, 1)", "Linear(X, Y)", vary="X,Y", minimum=3, metric="macs")
    assert [(choice.sizes, choice.difference) for choice in match.best] == [({"X": 3, "Y": 4}, 1)]
    assert [choice.sizes for choice in match.choices] == [{"X": 3, "Y": 3}]


def test_where_no_pair_keeps_within_the_budget_the_match_names_the_cheapest():
    match = convcost.match("Conv1d(3, X, 3, stride=Y)", vary="X,Y", budget=20, maximum={"Y": 4}, L=10)
    assert (match.found, match.choices) == (False, ())
    assert match.notes == (
        "No X from 1 to 1,048,576 and Y from 1 to 4 stays within the budget: the cheapest, X = 1, "
        "Y = 4, has 36 FLOPs.",
    )


def test_where_sizes_have_to_divide_every_pair_is_still_found():
    match = convcost.match("Linear(7, 9)", "Linear(X/4, Y/6)", vary="X,Y")
    assert match.complete
    assert [choice.sizes["X"] for choice in match.best] == [4, 12, 28, 36, 84, 252]


def test_a_pair_beyond_64_bits_is_found_exactly():
    cost = 2 * 3 * 97 * 89 * (10**20 + 37)
    match = convcost.match("Conv1d(X, Y, 3)", budget=cost, vary="X,Y", maximum=100, L=10**20 + 39)
    assert [choice.sizes for choice in match.best] == [{"X": 89, "Y": 97}, {"X": 97, "Y": 89}]
    assert match.best[0].report.flops == cost


@pytest.mark.parametrize(
    ("options", "tried"),
    [
        ({}, {"X": (1, 2048), "Y": (1, 2048)}),
        ({"multiple_of": {"X": 64}}, {"X": (64, 131_072), "Y": (1, 2048)}),
        ({"maximum": {"Y": 4}}, {"X": (1, 1_048_576), "Y": (1, 4)}),
        ({"maximum": {"Y": 4096}}, {"X": (1, 1024), "Y": (1, 4096)}),
        ({"minimum": {"X": 1000}}, {"X": (1000, 3047), "Y": (1, 2048)}),
        ({"maximum": 4096}, {"X": (1, 4096), "Y": (1, 4096)}),
    ],
)
def test_without_maxima_as_many_pairs_are_tried_as_there_is_time_for(options, tried):
    match = convcost.match("Linear(X, 3, bias=False) -> Linear(3, Y)", vary="X,Y", budget=10**12, **options)
    assert {name: (sizes[0], sizes[-1]) for name, sizes in match.searched.items()} == tried
    assert [choice.sizes for choice in match.best] == [{name: last for name, (_, last) in tried.items()}]


def test_more_pairs_than_there_is_time_for_are_refused():
    with pytest.raises(UsageError) as refusal:
        convcost.match("Linear(X, Y)", vary="X,Y", budget=100, maximum=4097)
    assert str(refusal.value) == (
        "there are 16,785,409 pairs of X and Y to try; the limit is 16,777,216\n"
        "Narrow the range with minimum and maximum, or to multiples with multiple_of."
    )
