"""The JSON of measured times."""

from __future__ import annotations

from typing import TypedDict

from convcost.benchmark.timing import RunKind
from convcost.schemas.common import Formula


class Run(TypedDict):
    """One thing that was timed."""

    what: RunKind
    """A forward without gradients, or a training step: forward and backward."""
    compiled: bool
    """Whether torch.compile had it first."""
    seconds: float | None
    """The median of the rounds; null where it could not be run."""
    iqr: float | None
    """The interquartile range of the rounds."""
    quartiles: list[float]
    """What a quarter of the rounds stayed below, and what three quarters did."""
    runs: int
    """Rounds, in each of which every candidate had its turn."""
    calls: int
    """In each round."""
    flops: Formula | None
    """By the convention; null where they could not be counted."""
    flops_per_second: float | int | None
    of_roofline: float | int | None
    """The least time on the device that was named over the measured one."""
    peak_bytes: int | None
    """What its first run took at most, without an optimizer; null but on a GPU."""
    failure: str
    """Why it could not be run."""


class Time(Run):
    """How long a design took: the forward as it is, and what else was asked for."""

    threads: int
    dtype: str
    device: str
    """cpu, or the name of a GPU."""
    others: list[Run]
