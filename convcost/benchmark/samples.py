"""Times several calls in turn, round by round, so that disturbances affect all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from statistics import median, quantiles
from typing import NamedTuple, TypeVar

Key = TypeVar("Key")

TimerFunction = Callable[[int], float]
"""Runs a call a number of times. Returns the mean seconds per call."""

Progress = Callable[[str, range], Iterable[int]]
"""Iterates over the steps of the work with this name, and reports progress."""

MAX_CALLS = 100_000
"""The most calls in a block."""


class Samples(NamedTuple):
    """Seconds per call in each round: the mean over a block of `calls`."""

    seconds: tuple[float, ...]
    calls: int = 1

    @property
    def median(self) -> Fraction:
        """The median of the rounds."""
        return Fraction(median(self.seconds))

    @property
    def quartiles(self) -> tuple[Fraction, Fraction]:
        """The first and third quartiles."""
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
        """Whether the interquartile ranges do not overlap, so that one is clearly longer."""
        (low, high), (other_low, other_high) = self.quartiles, other.quartiles
        return high < other_low or other_high < low


class SamplingPlan(NamedTuple):
    """How long and how often to measure.

    Attributes:
        block_seconds: Target time of a block of calls; each round has one.
        total_seconds: Target time of all blocks of a call.
        min_rounds: The minimum number of rounds, even if they take longer.
        max_rounds: The maximum number of rounds, even if they take less.
        patience: If `min_rounds` would take more seconds, there are only `slow_rounds`.
        slow_rounds: The number of rounds for slow calls.
    """

    block_seconds: float = 0.02
    total_seconds: float = 1.0
    min_rounds: int = 7
    max_rounds: int = 25
    patience: float = 30.0
    slow_rounds: int = 3


DEFAULT_PLAN = SamplingPlan()


class CallBlock(NamedTuple):
    """A number of calls, and the mean seconds per call."""

    calls: int
    seconds: float


def no_progress(work: str, steps: range) -> Iterable[int]:
    """The steps, without reporting progress."""
    return steps


def sample_in_turn(
    timers: Mapping[Key, TimerFunction], plan: SamplingPlan = DEFAULT_PLAN, progress: Progress = no_progress
) -> dict[Key, Samples]:
    """The samples of each timer: a warm-up block, then one block of each timer per round."""
    blocks = {key: find_block(timer, plan) for key, timer in timers.items()}
    longest = max((_warm_up(timers[key], block) for key, block in blocks.items()), default=0.0)
    seconds: dict[Key, list[float]] = {key: [] for key in timers}
    for _ in progress("timing, round", range(number_of_rounds(longest, plan))):
        for key, timer in timers.items():
            seconds[key].append(timer(blocks[key].calls))
    return {key: Samples(tuple(times), blocks[key].calls) for key, times in seconds.items()}


def _warm_up(timer: TimerFunction, block: CallBlock) -> float:
    """The seconds of a block, run once; a block of one call has run already."""
    return block.seconds if block.calls == 1 else block.calls * timer(block.calls)


def find_block(timer: TimerFunction, plan: SamplingPlan = DEFAULT_PLAN) -> CallBlock:
    """The number of calls in a block, found by running increasing numbers of them."""
    number, seconds = 1, 0.0
    while number < MAX_CALLS:
        seconds = timer(number)
        if number * seconds >= plan.block_seconds / 4:
            return CallBlock(min(MAX_CALLS, max(1, round(plan.block_seconds / seconds))), seconds)
        number *= 4
    return CallBlock(MAX_CALLS, seconds)


def number_of_rounds(longest: float, plan: SamplingPlan = DEFAULT_PLAN) -> int:
    """The number of rounds, if the longest block takes `longest` seconds."""
    if not longest:
        return plan.max_rounds
    fewest = plan.min_rounds if plan.min_rounds * longest <= plan.patience else plan.slow_rounds
    return min(plan.max_rounds, max(fewest, round(plan.total_seconds / longest)))
