"""Rounds: everything has its turn in each, blocks are long enough, and what comes of it is exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.benchmark.samples import (
    MAX_CALLS,
    CallBlock,
    Samples,
    SamplingPlan,
    find_block,
    number_of_rounds,
    sample_in_turn,
)

PLAN = SamplingPlan(block_seconds=1.0, total_seconds=8.0, min_rounds=3, max_rounds=5)


class Clock:
    """Every call of a name takes as long as it says; what ran is kept in order."""

    def __init__(self, **seconds):
        self.seconds = seconds
        self.ran = []

    def runs(self):
        return {name: self._run(name) for name in self.seconds}

    def _run(self, name):
        def run(number):
            self.ran.append((name, number))
            return self.seconds[name]

        return run


def test_each_has_its_turn_in_every_round():
    clock = Clock(slow=1.0, fast=0.25)
    found = sample_in_turn(clock.runs(), PLAN)
    assert found == {"slow": Samples((1.0,) * 5, 1), "fast": Samples((0.25,) * 5, 4)}
    assert clock.ran[-10:] == [("slow", 1), ("fast", 4)] * 5


def test_a_drift_hits_all_alike():
    """The machine becomes slower with every block, and the ratio stays what it is."""
    blocks = iter(range(1, 1000))
    runs = {
        name: lambda number, cost=cost: cost * (100 + next(blocks)) for name, cost in (("a", 1), ("b", 2))
    }
    found = sample_in_turn(
        runs, SamplingPlan(block_seconds=1.0, total_seconds=1.0, min_rounds=41, max_rounds=41)
    )
    assert float(found["b"].median / found["a"].median) == pytest.approx(2, rel=0.02)


def test_slow_things_have_fewer_rounds_and_none_has_less_than_the_fewest():
    assert number_of_rounds(1.0, PLAN) == 5
    assert number_of_rounds(2.0, PLAN) == 4
    assert number_of_rounds(60.0, PLAN) == 3


def test_what_takes_a_minute_is_run_as_seldom_as_can_be():
    clock = Clock(slow=60.0)
    assert sample_in_turn(clock.runs()) == {"slow": Samples((60.0,) * 3, 1)}
    assert clock.ran == [("slow", 1)] * 4
    assert (number_of_rounds(4.0), number_of_rounds(5.0)) == (7, 3)


def test_a_block_says_how_long_a_call_took():
    assert find_block(lambda _: 0.5, PLAN) == CallBlock(2, 0.5)


@given(st.floats(1e-7, 10))
def test_a_block_takes_as_long_as_it_is_meant_to(seconds):
    number = find_block(lambda _: seconds, SamplingPlan(block_seconds=0.02)).calls
    assert number in (MAX_CALLS, 1) or number * seconds == pytest.approx(0.02, rel=0.5)


def test_progress_is_told_once_a_round():
    told = []

    def watch(work, steps):
        for step in steps:
            told.append((work, step, len(steps)))
            yield step

    sample_in_turn(Clock(one=1.0).runs(), PLAN, watch)
    assert told == [("timing, round", step, 5) for step in range(5)]


def test_nothing_to_time_is_no_error():
    assert sample_in_turn({}, PLAN) == {}


def test_the_median_and_the_quartiles_are_those_of_the_rounds():
    found = Samples((4.0, 1.0, 3.0, 2.0, 100.0))
    assert found.median == 3
    assert found.quartiles == (2, 4)
    assert found.spread == 2


def test_one_round_has_no_spread():
    assert Samples((0.5,)).quartiles == (Fraction(1, 2), Fraction(1, 2))


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [((1, 2, 3), (4, 5, 6), True), ((1, 2, 3), (2, 3, 4), False), ((4, 5, 6), (1, 2, 3), True)],
)
def test_two_are_apart_where_their_middle_halves_do_not_overlap(one, other, apart):
    assert Samples(one).is_apart_from(Samples(other)) is apart
