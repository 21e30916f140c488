"""Matching two sizes at once: the pairs found are those of trying every pair."""

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from trying import LIMITS, convolutions, costs_of, near, target_of, undone

import convcost
from convcost.search.nearest_pair import Around
from convcost.search.pair_search import Spot
from convcost.symbolic.interval import Bounds

HARD = 1_000_003 * 1_000_033
"""A number with two large factors."""

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


def test_a_budget_that_only_a_large_stride_keeps_is_matched_in_less_than_a_second():
    start = time.process_time()
    match = convcost.match("Conv1d(8, 8, X, stride=Y)", vary="X,Y", budget=10**4, L=1000)
    assert (match.complete, match.best[0].sizes, match.best[0].cost) == (True, {"X": 2, "Y": 26}, 9984)
    assert time.process_time() - start < 1


def test_a_target_is_matched_from_above_where_that_is_nearer():
    match = convcost.match("Linear(11, 1)", "Linear(X, Y)", vary="X,Y", minimum=3, metric="macs")
    assert [(choice.sizes, choice.difference) for choice in match.best] == [({"X": 3, "Y": 4}, 1)]
    assert [choice.sizes for choice in match.choices] == [{"X": 3, "Y": 3}]


def test_where_no_pair_keeps_within_the_budget_the_match_names_the_cheapest():
    match = convcost.match("Conv1d(3, X, 3, stride=Y)", vary="X,Y", budget=20, maximum={"Y": 4}, L=10)
    assert (match.found, match.choices) == (False, ())
    assert match.notes == (
        "No X from 1 to 1,000,000,000,000 and Y from 1 to 4 keeps within the budget: the cheapest, X = 1, "
        "Y = 4, has 36 FLOPs.",
    )


def test_where_sizes_have_to_divide_every_pair_is_still_found():
    match = convcost.match("Linear(7, 9)", "Linear(X/4, Y/6)", vary="X,Y")
    assert match.complete
    assert [choice.sizes["X"] for choice in match.best] == [4, 12, 28, 36, 84, 252]


def test_pairs_of_which_a_line_was_cut_short_are_said_to_be_some():
    options = {"maximum": {"X": 1}, "budget": 6 * 1_000_033 * HARD, "C": HARD, "L": 3}
    match = convcost.match("Conv1d(C, C, X, groups=Y)", vary="X,Y", **options)
    assert [choice.sizes for choice in match.best] == [{"X": 1, "Y": 1_000_003}]
    assert not match.complete
    assert match.notes[0].startswith("There are more choices than can be tried")


def test_where_the_search_was_cut_short_before_a_pair_was_found_nothing_else_is_said():
    options = {"maximum": {"X": 2}, "budget": 10**20, "C": HARD, "L": 3}
    match = convcost.match("Conv1d(C, C, X, groups=Y)", vary="X,Y", **options)
    assert (match.found, match.complete) == (False, False)
    assert match.notes == (
        "No X from 1 to 2 and Y from 1 to 1,000,000,000,000 was found before the search was cut short.",
    )


@pytest.mark.parametrize(
    ("low", "high", "excluded"),
    [(1, 5, True), (1, 6, False), (6, 8, False), (8, 20, False), (9, 20, True), (1, 20, False)],
)
def test_what_cannot_be_nearer_than_the_pairs_found_is_left_out(low, high, excluded):
    found = Around(below=Spot(5, (1, 1)), above=Spot(9, (1, 2)))
    assert found.excludes(Bounds(low, high)) is excluded
    assert not found.excludes(None)


def test_more_pairs_than_can_be_tried_are_spread_and_said_to_be():
    match = convcost.match("Linear(X, Y)", vary=("X", "Y"), budget=10**12)
    assert not match.complete
    assert match.notes == (
        "There are more choices than can be tried; these are spread over X from 1 to 500,000,000,000.",
    )
    assert all(0 >= choice.difference > -(10**6) for choice in match.choices)
    assert match.best[0].difference == 0


def test_pairs_that_may_not_be_the_nearest_are_said_not_to_be():
    match = convcost.match("Conv1d(X, X, 3, stride=Y)", vary="X,Y", budget=10**9, L=1000)
    assert not match.complete
    assert match.notes[-1] == "Among the pairs that were not tried one may come nearer."
    assert (match.best[0].difference < 0, match.above) == (True, None)
