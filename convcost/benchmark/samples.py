"""What was measured of one thing: seconds a call, in several rounds. Pure data."""

from __future__ import annotations

from fractions import Fraction
from statistics import median, quantiles
from typing import NamedTuple


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
