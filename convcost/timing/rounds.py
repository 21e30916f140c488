"""Timing several things in turn, round by round, so that what slows the machine down slows them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from convcost.timing.samples import Samples

Key = TypeVar("Key")

Timed = Callable[[int], float]
"""Runs something so many times, and says how many seconds one of them took."""

Watch = Callable[[str, range], Iterable[int]]
"""Passes on the numbers of steps of the work that is called so, as they come."""


class Plan(NamedTuple):
    """How much is measured, in seconds: a block of calls, and all blocks of one thing together."""

    block: float = 0.02
    total: float = 1.0
    fewest: int = 7
    most: int = 25


PLAN = Plan()

MOST_CALLS = 100_000
"""In one block."""


def unwatched(work: str, steps: range) -> Iterable[int]:
    """The steps as they are."""
    return steps


def in_turn(runs: Mapping[Key, Timed], plan: Plan = PLAN, watch: Watch = unwatched) -> dict[Key, Samples]:
    """The samples of each of `runs`: after a block to warm up, one block of each in every round."""
    blocks = {key: block(run, plan) for key, run in runs.items()}
    longest = max((number * runs[key](number) for key, number in blocks.items()), default=0.0)
    number = rounds(longest, plan)
    seconds: dict[Key, list[float]] = {key: [] for key in runs}
    for _ in watch("timing, round", range(number)):
        for key, run in runs.items():
            seconds[key].append(run(blocks[key]))
    return {key: Samples(tuple(found), blocks[key]) for key, found in seconds.items()}


def block(run: Timed, plan: Plan = PLAN) -> int:
    """How many calls take as long as a block, found by running more and more of them."""
    number = 1
    while number < MOST_CALLS:
        seconds = run(number)
        if number * seconds >= plan.block / 4:
            return min(MOST_CALLS, max(1, round(plan.block / seconds)))
        number *= 4
    return MOST_CALLS


def rounds(longest: float, plan: Plan = PLAN) -> int:
    """How many rounds there is time for, where the longest block takes so many seconds."""
    return min(plan.most, max(plan.fewest, round(plan.total / longest))) if longest else plan.most
