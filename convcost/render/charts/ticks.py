"""Ticks of axes: round numbers, and their labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import takewhile
from math import ceil, floor
from typing import NamedTuple

from convcost.core.units import duration, exact, human, scaled_in_full
from convcost.render.charts.data import ChartAxis, Number

MOST = 6
"""The default for the largest number of ticks."""

FEWEST = 3
"""With fewer round numbers in its range, a logarithmic axis has linear ticks."""

STEPS = (1, 2, 5)
"""The leading digits of round numbers."""

LONGEST_PLAIN = 10**6
"""From here on, a number without a unit is scaled: 2 M."""


class Tick(NamedTuple):
    """A number on an axis, and its label."""

    value: Fraction
    text: str


def ticks(axis: ChartAxis, values: Iterable[Number], most: int = MOST) -> tuple[Tick, ...]:
    """At most `most` round numbers within the range of `values`; a single value is its own tick."""
    found = [Fraction(value) for value in values]
    if not found:
        return ()
    low, high = min(found), max(found)
    numbers = _logarithmic(low, high, most) if axis.is_log else _linear(low, high, most)
    return tuple(Tick(number, tick_text(number, axis.unit)) for number in numbers or [low])


def amount_text(value: Number, unit: str) -> str:
    """`value`, rounded: 12.0 GFLOPs, 2.46 KB, 1,000, 0.333, 13.4 ms."""
    number = Fraction(value)
    if unit == "s":
        return duration(number)
    return human(number, unit) if unit or abs(number) >= LONGEST_PLAIN else exact(number)


def tick_text(value: Number, unit: str) -> str:
    """A round number, exact and short: 12 GFLOPs, 2.5 KB, 1,000, 0.01, 20 µs."""
    number = Fraction(value)
    if unit != "s" and (unit or abs(number) >= LONGEST_PLAIN):
        return scaled_in_full(number, unit)
    text = amount_text(value, unit)
    return re.sub(r"^(−?-?\d+)(?:\.0+|(\.\d*?)0+)(?!\d)", lambda found: found[1] + (found[2] or ""), text)


def _linear(low: Fraction, high: Fraction, most: int) -> list[Fraction]:
    """Multiples of the smallest round step that gives at most `most` ticks."""
    if low == high:
        return [low]
    for step in _round_numbers(_power_below((high - low) / most)):
        first, last = ceil(low / step), floor(high / step)
        if last - first < most:
            return [step * number for number in range(first, last + 1)]
    raise AssertionError


def _logarithmic(low: Fraction, high: Fraction, most: int) -> list[Fraction]:
    """Round numbers within a decade or two; powers of ten, or of a thousand, and so on, in wider ranges.

    Less than a decade has linear ticks if there are too few round numbers.
    """
    between = [number for number in _up_to(high, _round_numbers(_power_below(low))) if number >= low]
    if len(between) < FEWEST:
        return _linear(low, high, most)
    if len(between) <= most:
        return between
    powers = [number for number in between if _power_below(number) == number]
    return powers[:: ceil(len(powers) / most)]


def _up_to(high: Fraction, numbers: Iterator[Fraction]) -> Iterator[Fraction]:
    return takewhile(lambda number: number <= high, numbers)


def _round_numbers(power: Fraction) -> Iterator[Fraction]:
    """1, 2 and 5 times `power`, times 10, and so on without end."""
    while True:
        yield from (step * power for step in STEPS)
        power *= 10


def _power_below(value: Fraction) -> Fraction:
    """The largest power of ten that is at most `value`, which is positive."""
    power = Fraction(10) ** (len(str(value.numerator)) - len(str(value.denominator)))
    while power > value:
        power /= 10
    while power * 10 <= value:
        power *= 10
    return power
