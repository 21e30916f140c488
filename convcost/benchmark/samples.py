"""Timing several calls in turn, round by round, so that what slows the machine down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from statistics import median, quantiles
from typing import NamedTuple, TypeVar

Key = TypeVar("Key")

TimerFunction = Callable[[int], float]
"""Runs something so many times, and returns the seconds that one of them took."""

Progress = Callable[[str, range], Iterable[int]]
"""Passes on the numbers of the steps of what is called so, as they come."""

MAX_CALLS = 100_000
"""In one block."""


class Samples(NamedTuple):
    """Seconds a call, the mean over a block of `calls` in each round, in the order of the rounds."""

    seconds: tuple[float, ...]
    calls: int = 1

    @property
    def median(self) -> Fraction:
        """Of the rounds."""
        return Fraction(median(self.seconds))

    @property
    def quartiles(self) -> tuple[Fraction, Fraction]:
        """The first and the third."""
        if len(self.seconds) == 1:
            return self.median, self.median
        low, _, high = quantiles(self.seconds, method="inclusive")
        return Fraction(low), Fraction(high)

    @property
    def spread(self) -> Fraction:
        """The interquartile range, in seconds."""
        low, high = self.quartiles
        return high - low

    def is_apart_from(self, other: Samples) -> bool:
        """Whether the middle halves of the two do not overlap, so that one is the longer."""
        (low, high), (other_low, other_high) = self.quartiles, other.quartiles
        return high < other_low or other_high < low


class SamplingPlan(NamedTuple):
    """How much is measured.

    Attributes:
        block_seconds: Of a block of calls, of which each round has one.
        total_seconds: Of all blocks of one thing.
        min_rounds: Even where they take longer.
        max_rounds: Even where they take less.
        patience: Seconds; where `min_rounds` would take more, there are `slow_rounds`.
        slow_rounds: The rounds of what is slow.
    """

    block_seconds: float = 0.02
    total_seconds: float = 1.0
    min_rounds: int = 7
    max_rounds: int = 25
    patience: float = 30.0
    slow_rounds: int = 3


DEFAULT_PLAN = SamplingPlan()


class CallBlock(NamedTuple):
    """So many calls, and the seconds that one of them took."""

    calls: int
    seconds: float


def no_progress(work: str, steps: range) -> Iterable[int]:
    """The steps as they are."""
    return steps


def sample_in_turn(
    timers: Mapping[Key, TimerFunction], plan: SamplingPlan = DEFAULT_PLAN, progress: Progress = no_progress
) -> dict[Key, Samples]:
    """The samples of each of `timers`: after a block to warm up, one block of each in every round."""
    blocks = {key: find_block(timer, plan) for key, timer in timers.items()}
    longest = max((_warm_up(timers[key], block) for key, block in blocks.items()), default=0.0)
    seconds: dict[Key, list[float]] = {key: [] for key in timers}
    for _ in progress("timing, round", range(number_of_rounds(longest, plan))):
        for key, timer in timers.items():
            seconds[key].append(timer(blocks[key].calls))
    return {key: Samples(tuple(found), blocks[key].calls) for key, found in seconds.items()}


def _warm_up(timer: TimerFunction, block: CallBlock) -> float:
    """The seconds of a block, run once; one of a single call has been."""
    return block.seconds if block.calls == 1 else block.calls * timer(block.calls)


def find_block(timer: TimerFunction, plan: SamplingPlan = DEFAULT_PLAN) -> CallBlock:
    """The calls that take as long as a block, found by running more and more of them."""
    number, seconds = 1, 0.0
    while number < MAX_CALLS:
        seconds = timer(number)
        if number * seconds >= plan.block_seconds / 4:
            return CallBlock(min(MAX_CALLS, max(1, round(plan.block_seconds / seconds))), seconds)
        number *= 4
    return CallBlock(MAX_CALLS, seconds)


def number_of_rounds(longest: float, plan: SamplingPlan = DEFAULT_PLAN) -> int:
    """How many rounds there is time for, where the longest block takes so many seconds."""
    if not longest:
        return plan.max_rounds
    fewest = plan.min_rounds if plan.min_rounds * longest <= plan.patience else plan.slow_rounds
    return min(plan.max_rounds, max(fewest, round(plan.total_seconds / longest)))
