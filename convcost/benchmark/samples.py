"""Timing several calls in turn, round by round, so that what slows the machine down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from statistics import median, quantiles
from typing import NamedTuple, TypeVar


class Samples(NamedTuple):
    """Seconds a call, the mean over a block of `calls` in each round, in the order of the rounds."""

    seconds: tuple[float, ...]
    calls: int = 1

    @property
    def median(self) -> Fraction:
        """What half of the rounds stayed below."""
        return Fraction(median(self.seconds))

    @property
    def quartiles(self) -> tuple[Fraction, Fraction]:
        """What a quarter of the rounds stayed below, and what three quarters did."""
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


Key = TypeVar("Key")

Timed = Callable[[int], float]
"""Runs something so many times, and says how many seconds one of them took."""

Watch = Callable[[str, range], Iterable[int]]
"""Passes on the numbers of steps of the work that is called so, as they come."""


class Plan(NamedTuple):
    """How much is measured, in seconds: a block of calls, and all blocks of one thing together.

    Where the fewest rounds would take more than `patience`, there are `least`.
    """

    block: float = 0.02
    total: float = 1.0
    fewest: int = 7
    most: int = 25
    patience: float = 30.0
    least: int = 3


PLAN = Plan()

MOST_CALLS = 100_000
"""In one block."""


class Block(NamedTuple):
    """So many calls, and the seconds that one of them took."""

    calls: int
    seconds: float


def unwatched(work: str, steps: range) -> Iterable[int]:
    """The steps as they are."""
    return steps


def in_turn(runs: Mapping[Key, Timed], plan: Plan = PLAN, watch: Watch = unwatched) -> dict[Key, Samples]:
    """The samples of each of `runs`: after a block to warm up, one block of each in every round."""
    blocks = {key: block(run, plan) for key, run in runs.items()}
    number = rounds(max((_warm(runs[key], block) for key, block in blocks.items()), default=0.0), plan)
    seconds: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in watch("timing, round", range(number)):
        for key, run in runs.items():
            seconds[key].append(run(blocks[key].calls))
    return {key: Samples(tuple(found), blocks[key].calls) for key, found in seconds.items()}


def _warm(run: Timed, block: Block) -> float:
    """The seconds of a block, run once; one of a single call has been."""
    return block.seconds if block.calls == 1 else block.calls * run(block.calls)


def block(run: Timed, plan: Plan = PLAN) -> Block:
    """The calls that take as long as a block, found by running more and more of them."""
    number, seconds = 1, 0.0
    while number < MOST_CALLS:
        seconds = run(number)
        if number * seconds >= plan.block / 4:
            return Block(min(MOST_CALLS, max(1, round(plan.block / seconds))), seconds)
        number *= 4
    return Block(MOST_CALLS, seconds)


def rounds(longest: float, plan: Plan = PLAN) -> int:
    """How many rounds there is time for, where the longest block takes so many seconds."""
    if not longest:
        return plan.most
    fewest = plan.fewest if plan.fewest * longest <= plan.patience else plan.least
    return min(plan.most, max(fewest, round(plan.total / longest)))
