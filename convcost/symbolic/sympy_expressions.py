"""sympy's expressions of any depth: their parts, their length, their exact values.

Nothing here recurses, which would run into Python's limit for the formulas of long chains.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from math import comb, prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sympy import Abs, Add, Dummy, Expr, Integer, Mul, Pow, Rational, Symbol, floor

if TYPE_CHECKING:
    from numpy import ndarray

LONGEST = 250
"""A formula with more parts is not simplified."""

MOST_EXPANDED = 200
"""Nor is one with more terms when multiplied out."""

HIGHEST_DEGREE = 24
"""Nor one with higher powers when multiplied out."""


def postorder(expression: Expr, known: Collection[Expr] = ()) -> Iterator[Expr]:
    """Every part of `expression` once, after its own parts; without those in `known` and their parts."""
    seen: set[Expr] = set()
    waiting = [(expression, False)]
    while waiting:
        part, is_ready = waiting.pop()
        if is_ready:
            yield part
        elif part not in seen and part not in known:
            seen.add(part)
            waiting.append((part, True))
            waiting += [(inner, False) for inner in part.args]


def apply_outside_floors(expression: Expr, work: Callable[[Expr], Expr]) -> Expr:
    """`work(expression)`, which does not look into floors and absolute values."""
    unknowns = {inner: Dummy() for inner in _outermost_floors(expression)}
    if not unknowns:
        return work(expression)
    return work(expression.xreplace(unknowns)).xreplace({unknown: part for part, unknown in unknowns.items()})


def _outermost_floors(expression: Expr) -> Iterator[Expr]:
    """The floors and absolute values that are in no other."""
    waiting, seen = [expression], {expression}
    while waiting:
        part = waiting.pop()
        if isinstance(part, floor | Abs):
            yield part
            continue
        inner = [each for each in part.args if each not in seen]
        seen.update(inner)
        waiting += inner


def is_long(expression: Expr, most: int = LONGEST) -> bool:
    """Whether it has more than `most` parts, as it is or multiplied out; not looked at beyond them."""
    waiting, parts, has_powers = [expression], 0, False
    while waiting and parts <= most:
        parts += 1
        part = waiting.pop()
        has_powers |= isinstance(part, Pow)
        waiting += part.args
    return parts > most or (has_powers and _is_long_expanded(expression))


def _is_long_expanded(expression: Expr) -> bool:
    known: dict[Expr, tuple[int, int]] = {}
    for part in postorder(expression):
        known[part] = _expanded_length(part, [known[inner] for inner in part.args])
    return any(terms > MOST_EXPANDED or degree > HIGHEST_DEGREE for terms, degree in known.values())


def _expanded_length(part: Expr, inner: list[tuple[int, int]]) -> tuple[int, int]:
    """The number of terms and the degree when multiplied out, from those of the parts."""
    match part:
        case Add():
            return sum(terms for terms, _ in inner), max(degree for _, degree in inner)
        case Mul():
            return prod(terms for terms, _ in inner), sum(degree for _, degree in inner)
        case Pow(exp=exponent) if exponent.is_Integer:
            (terms, degree), power = inner[0], abs(int(exponent))
            few = min(power, MOST_EXPANDED)
            return comb(terms + few - 1, few) if terms > 1 else 1, degree * power
    return 1, int(part.is_Symbol or bool(part.args))


def python_number(value: Expr) -> Expr | int | Fraction:
    """`value` as a Python int or a Fraction where it is a rational number."""
    if isinstance(value, Integer):
        return int(value)
    return Fraction(int(value.p), int(value.q)) if isinstance(value, Rational) else value


Numbers: TypeAlias = "int | ndarray"
"""An int, or an array of Python ints."""


class Quotient(NamedTuple):
    """numerator / denominator."""

    numerator: Numbers
    denominator: Numbers


def evaluate(expression: Expr | int | Fraction, sizes: Mapping[str, Numbers]) -> int | Fraction | ndarray:
    """`expression` at `sizes`: an int or a Fraction, or an array of them for arrays.

    For a size of another kind, such as a column, it is one of that kind, rounded down.
    """
    if isinstance(expression, int | Fraction):
        return expression
    numerator, denominator = quotient(expression, sizes)
    if isinstance(numerator, int) and isinstance(denominator, int):
        return _exact_quotient(numerator, denominator)
    if not hasattr(numerator, "ndim") and not hasattr(denominator, "ndim"):
        return numerator // denominator
    from numpy import frompyfunc

    return frompyfunc(_exact_quotient, 2, 1)(numerator, denominator)


def _exact_quotient(numerator: int, denominator: int) -> int | Fraction:
    whole, rest = divmod(numerator, denominator)
    return Fraction(numerator, denominator) if rest else whole


def quotient(expression: Expr, sizes: Mapping[str, Numbers]) -> Quotient:
    """Numerator and denominator of `expression` at `sizes`; equal parts are computed once."""
    known: dict[Expr, Quotient] = {}
    for part in postorder(expression):
        known[part] = _quotient(part, known, sizes)
    return known[expression]


def _quotient(part: Expr, known: Mapping[Expr, Quotient], sizes: Mapping[str, Numbers]) -> Quotient:
    """The value of a part from those of its own parts."""
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
            return _power(known[base], int(exponent))
        case floor(args=(inner,)):
            return Quotient(known[inner].numerator // known[inner].denominator, 1)
        case Abs(args=(inner,)):
            return Quotient._make(map(abs, known[inner]))
    raise TypeError(f"no exact value of {type(part).__name__}")


def _sum(first: Quotient, second: Quotient) -> Quotient:
    (above, below), (other, other_below) = first, second
    are_ints = isinstance(below, int) and isinstance(other_below, int)
    if below is other_below or (are_ints and below == other_below):
        return Quotient(above + other, below)
    return Quotient(above * other_below + other * below, below * other_below)


def _power(base: Quotient, exponent: int) -> Quotient:
    numerator, denominator = (part ** abs(exponent) for part in base)
    return Quotient(numerator, denominator) if exponent > 0 else Quotient(denominator, numerator)
