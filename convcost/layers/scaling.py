"""⌊length · factor⌋ for float factors, with torch's rounding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import isfinite
from numbers import Integral

from convcost.core.constraints import ArgumentCheck, AtMost, Requirement
from convcost.core.cost import Size

EXACT_BITS = 20
"""A factor with at most this many binary digits multiplies a length without rounding."""


SIGNIFICANT_BITS = 53
"""Of a double-precision number."""

LONGEST = 2**52 - 1
"""The largest length and product supported: up to here, doubles represent ⌊ ⌋ exactly."""


def scaled(length: Size, factor: float) -> Size:
    """⌊length · factor⌋: exact for a size or a factor of few binary digits; else with torch's rounding."""
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
    """Half a unit in the last place of length · numerator as a double; 0 if the product is exact.

    Rounding changes the floor only if it rounds the product up to an integer, which is at most half a unit
    away (ties included, as the integer is even). So adding half a unit before the floor gives torch's result.
    """
    half: Size = 0
    for dropped in range(1, SIGNIFICANT_BITS + 1):
        least = -(-(2 ** (SIGNIFICANT_BITS + dropped - 1)) // numerator)
        half = half + (length >= least) * (2 ** (dropped - 1) - 2 ** (dropped - 1) // 2)
    return half


def scaling_requirements(
    factors: Iterable[tuple[Size, float]], argument: str, instead: str
) -> Iterator[Requirement]:
    """Requires that each length times its factor is computable; `instead` names the alternative argument."""
    for length, factor in factors:
        is_number = not isinstance(factor, float) or isfinite(factor)
        yield ArgumentCheck(is_number, f"{argument} is {factor}", argument)
        if _is_exact(factor):
            continue
        message = f"{argument} is {factor}, and torch rounds its product with an open length"
        hint = f"Give the length a value, or use {instead}=. Factors like 0.5 and 0.75 need no rounding."
        yield ArgumentCheck(isinstance(length, Integral), message, argument, hint)
        yield ArgumentCheck(factor > 0, f"{argument} is {factor}; it must be greater than 0", argument)
        yield AtMost(length, LONGEST, f"a length multiplied by {argument} = {factor}", argument)
        yield AtMost(scaled(length, factor), LONGEST, "the output's length", argument)


def _is_exact(factor: float) -> bool:
    return not isinstance(factor, float) or Fraction(factor).denominator <= 1 << EXACT_BITS
