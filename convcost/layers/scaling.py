"""⌊length · factor⌋ as torch computes it, for factors that are floats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import isfinite

from convcost.core.constraints import ArgumentCheck, Requirement
from convcost.core.cost import Size

EXACT_BITS = 20
"""A factor of so few binary digits, times a length, has no rounding in torch's double precision."""


def scaled(length: Size, factor: float) -> Size:
    """⌊length · factor⌋: exactly, where the factor is a size or has few binary digits; else as torch does."""
    if not isinstance(factor, float):
        return length * factor
    if isinstance(length, int) and not _is_exact(factor):
        return int(length * factor)
    exact = Fraction(factor)
    return length * exact.numerator // exact.denominator


def scaling_requirements(
    factors: Iterable[tuple[Size, float]], argument: str, instead: str
) -> Iterator[Requirement]:
    """That each length times its factor is known; `instead` of the argument another one can be given."""
    for length, factor in factors:
        is_number = not isinstance(factor, float) or isfinite(factor)
        yield ArgumentCheck(is_number, f"{argument} is {factor}", argument)
        message = f"{argument} is {factor}, by which torch multiplies an open length with a rounding"
        hint = f"Give the length a number, or {instead}= instead; 2, 0.5 and 0.75 have no rounding."
        yield ArgumentCheck(isinstance(length, int) or _is_exact(factor), message, argument, hint)


def _is_exact(factor: float) -> bool:
    return not isinstance(factor, float) or Fraction(factor).denominator <= 1 << EXACT_BITS
