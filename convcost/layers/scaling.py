"""⌊length · factor⌋ as torch computes it, for factors that are floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import isfinite
from numbers import Integral

from convcost.core.constraints import ArgumentCheck, AtMost, Requirement
from convcost.core.cost import Size

EXACT_BITS = 20
"""A factor of so few binary digits, times a length, has no rounding in torch's double precision."""


SIGNIFICANT_BITS = 53
"""Of a double."""

LONGEST = 2**52 - 1
"""The largest length and product that are taken: up to there, rounding never drops a binary digit of ⌊ ⌋."""


def scaled(length: Size, factor: float) -> Size:
    """⌊length · factor⌋: exactly, where the factor is a size or has few binary digits; else as torch does."""
    if not isinstance(factor, float):
        return length * factor
    if isinstance(length, int) and not _is_exact(factor):
        return int(length * factor)
    numerator, denominator = factor.as_integer_ratio()
    exact = length * numerator
    if not _is_exact(factor):
        exact = exact + _half_of_last_place(length, numerator)
    return exact // denominator


def _half_of_last_place(length: Size, numerator: int) -> Size:
    """Half of the last place that a double has for length · numerator; 0 if it has all places.

    Rounding can only bring a product up to the whole number above it, from half a last place below or less:
    at just a half it does too, as that number is even in last places. So the floor of the rounded product is
    that of the product and half a last place.
    """
    half: Size = 0
    for dropped in range(1, SIGNIFICANT_BITS + 1):
        least = -(-(2 ** (SIGNIFICANT_BITS + dropped - 1)) // numerator)
        half = half + (length >= least) * (2 ** (dropped - 1) - 2 ** (dropped - 1) // 2)
    return half


def scaling_requirements(
    factors: Iterable[tuple[Size, float]], argument: str, instead: str
) -> Iterator[Requirement]:
    """That each length times its factor is known; `instead` of the argument another one can be given."""
    for length, factor in factors:
        is_number = not isinstance(factor, float) or isfinite(factor)
        yield ArgumentCheck(is_number, f"{argument} is {factor}", argument)
        if _is_exact(factor):
            continue
        message = f"{argument} is {factor}, by which torch multiplies an open length with a rounding"
        hint = f"Give the length a number, or {instead}= instead; 2, 0.5 and 0.75 have no rounding."
        yield ArgumentCheck(isinstance(length, Integral), message, argument, hint)
        yield ArgumentCheck(factor > 0, f"{argument} is {factor}; a number above 0 is needed", argument)
        yield AtMost(length, LONGEST, f"a length that is multiplied by {argument} = {factor}", argument)
        yield AtMost(scaled(length, factor), LONGEST, "the output's length", argument)


def _is_exact(factor: float) -> bool:
    return not isinstance(factor, float) or Fraction(factor).denominator <= 1 << EXACT_BITS
