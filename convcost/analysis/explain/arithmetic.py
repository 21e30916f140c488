"""The little arithmetic of an explanation, on numbers and on formulas."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.core.cost import Size, quotient
from convcost.core.report import Assumption


def divided(numerator: Size, denominator: Size) -> Any:
    """numerator / denominator in lowest terms: an int or a formula where it is one, else a fraction."""
    result = quotient(numerator, denominator)
    if isinstance(result, Fraction):
        return int(result) if result.denominator == 1 else result
    from convcost.symbolic.text import lowest_terms

    return lowest_terms(result)


def without_rounding(size: Size, assumed: tuple[Assumption, ...]) -> Any:
    """`size`, with the divisions in it that are assumed to leave nothing."""
    if isinstance(size, int):
        return size
    from convcost.symbolic.canonicalize import unrounded

    return unrounded(size, assumed)


def factors(size: Size) -> tuple[Any, ...]:
    """What `size` is a product of, as far as names tell: a number is one factor."""
    if isinstance(size, int):
        return (size,)
    from convcost.symbolic import factors as symbolic

    return symbolic.factors(size)


def names_in(size: Size) -> tuple[Any, ...]:
    """The factors of `size` that are no numbers."""
    return tuple(factor for factor in factors(size) if not isinstance(factor, int | Fraction))


def counted(count: Size, noun: str) -> str:
    """`noun`, in the plural unless `count` is one."""
    return noun if count == 1 else f"{noun}s"
