"""Formulas with numbers put in: whole numbers all the way, on ints and on NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from math import prod
from typing import Any, NamedTuple

from sympy import Abs, Add, Integer, Mul, Pow, Rational, Symbol, floor

from convcost.symbolic.expression_parts import inner_first


class Quotient(NamedTuple):
    """numerator / denominator: ints, or arrays of Python ints."""

    numerator: Any
    denominator: Any


def evaluate(formula: Any, sizes: Mapping[str, Any]) -> Any:
    """`formula` at `sizes`, each an int or an array of ints: a Python int or a Fraction, or an array of them.

    At a size that stands for many it is one that does so too, rounded down.
    """
    if isinstance(formula, int | Fraction):
        return formula
    numerator, denominator = quotient(formula, sizes)
    if isinstance(numerator, int) and isinstance(denominator, int):
        return _divided(numerator, denominator)
    if not hasattr(numerator, "ndim") and not hasattr(denominator, "ndim"):
        return numerator // denominator
    from numpy import frompyfunc

    return frompyfunc(_divided, 2, 1)(numerator, denominator)


def _divided(numerator: int, denominator: int) -> int | Fraction:
    whole, rest = divmod(numerator, denominator)
    return Fraction(numerator, denominator) if rest else whole


def quotient(formula: Any, sizes: Mapping[str, Any]) -> Quotient:
    """The numerator and the denominator of `formula` at `sizes`; what occurs again is worked out once."""
    known: dict[Any, Quotient] = {}
    for part in inner_first(formula):
        known[part] = _quotient(part, known, sizes)
    return known[formula]


def _quotient(part: Any, known: Mapping[Any, Quotient], sizes: Mapping[str, Any]) -> Quotient:
    """A part by those of its parts."""
    match part:
        case Rational():
            return Quotient(int(part.p), int(part.q))
        case Symbol():
            return Quotient(sizes[part.name], 1)
        case Add(args=args):
            return reduce(_sum, map(known.__getitem__, args))
        case Mul(args=args):
            numerators, denominators = zip(*map(known.__getitem__, args), strict=True)
            return Quotient(prod(numerators), prod(denominators))
        case Pow(base=base, exp=Integer() as exponent):
            return _raised(known[base], int(exponent))
        case floor(args=(inner,)):
            return Quotient(known[inner].numerator // known[inner].denominator, 1)
        case Abs(args=(inner,)):
            return Quotient(*map(abs, known[inner]))
    raise TypeError(f"no exact value of {type(part).__name__}")


def _sum(first: Quotient, second: Quotient) -> Quotient:
    (above, below), (other, other_below) = first, second
    are_ints = isinstance(below, int) and isinstance(other_below, int)
    if below is other_below or (are_ints and below == other_below):
        return Quotient(above + other, below)
    return Quotient(above * other_below + other * below, below * other_below)


def _raised(base: Quotient, exponent: int) -> Quotient:
    numerator, denominator = (part ** abs(exponent) for part in base)
    return Quotient(numerator, denominator) if exponent > 0 else Quotient(denominator, numerator)
