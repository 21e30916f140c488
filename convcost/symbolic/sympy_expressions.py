"""Parts, length and exact values of sympy expressions of any depth.

Functions here do not recurse, as formulas of long chains would exceed Python's recursion limit.
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
"""A formula with more terms when expanded is not simplified."""

HIGHEST_DEGREE = 24
"""A formula with higher powers when expanded is not simplified."""


def postorder(expression: Expr, known: Collection[Expr] = ()) -> Iterator[Expr]:
    """All parts of `expression`, inner ones first, without duplicates, and without parts in `known`."""
    seen: set[Expr] = set()
    pending = [(expression, False)]
    while pending:
        part, is_ready = pending.pop()
        if is_ready:
            yield part
        elif part not in seen and part not in known:
            seen.add(part)
            pending.append((part, True))
            pending += [(inner, False) for inner in part.args]


def apply_outside_floors(expression: Expr, work: Callable[[Expr], Expr]) -> Expr:
    """`work(expression)`, with floors and absolute values treated as unknowns."""
    unknowns = {inner: Dummy() for inner in _outermost_floors(expression)}
    if not unknowns:
        return work(expression)
    return work(expression.xreplace(unknowns)).xreplace({unknown: part for part, unknown in unknowns.items()})


def _outermost_floors(expression: Expr) -> Iterator[Expr]:
    """The floors and absolute values that are not inside another one."""
    pending, seen = [expression], {expression}
    while pending:
        part = pending.pop()
        if isinstance(part, floor | Abs):
            yield part
            continue
        inner = [each for each in part.args if each not in seen]
        seen.update(inner)
        pending += inner


def is_long(expression: Expr, most: int = LONGEST) -> bool:
    """Whether the expression has more than `most` parts, or is long when expanded."""
    pending, parts, has_powers = [expression], 0, False
    while pending and parts <= most:
        parts += 1
        part = pending.pop()
        has_powers |= isinstance(part, Pow)
        pending += part.args
    return parts > most or (has_powers and _is_long_expanded(expression))


def _is_long_expanded(expression: Expr) -> bool:
    known: dict[Expr, tuple[int, int]] = {}
    for part in postorder(expression):
        known[part] = _expanded_length(part, [known[inner] for inner in part.args])
    return any(terms > MOST_EXPANDED or degree > HIGHEST_DEGREE for terms, degree in known.values())


def _expanded_length(part: Expr, inner: list[tuple[int, int]]) -> tuple[int, int]:
    """The number of terms and the degree when expanded, from those of the parts."""
    match part:
        case Add():
            return sum(terms for terms, _ in inner), max(degree for _, degree in inner)
        case Mul():
            return prod(terms for terms, _ in inner), sum(degree for _, degree in inner)
        case Pow(exp=exponent) if exponent.is_Integer:
            (terms, degree), power = inner[0], abs(int(exponent))
            bounded = min(power, MOST_EXPANDED)
            return comb(terms + bounded - 1, bounded) if terms > 1 else 1, degree * power
    return 1, int(part.is_Symbol or bool(part.args))


def python_number(value: Expr) -> Expr | int | Fraction:
    """`value` as a Python int or Fraction if it is rational."""
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
    """The value of `expression` for `sizes`: an int or a Fraction, or an array of them for arrays.

    For other kinds of sizes, such as columns, the result has that kind, and is rounded down.
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
    """Numerator and denominator of `expression` for `sizes`; equal parts are computed once."""
    known: dict[Expr, Quotient] = {}
    for part in postorder(expression):
        known[part] = _quotient(part, known, sizes)
    return known[expression]


def _quotient(part: Expr, known: Mapping[Expr, Quotient], sizes: Mapping[str, Numbers]) -> Quotient:
    """The value of a part, from the values of its parts."""
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
    (numerator, denominator), (other, other_denominator) = first, second
    are_ints = isinstance(denominator, int) and isinstance(other_denominator, int)
    if denominator is other_denominator or (are_ints and denominator == other_denominator):
        return Quotient(numerator + other, denominator)
    total = numerator * other_denominator + other * denominator
    return Quotient(total, denominator * other_denominator)


def _power(base: Quotient, exponent: int) -> Quotient:
    numerator, denominator = (part ** abs(exponent) for part in base)
    return Quotient(numerator, denominator) if exponent > 0 else Quotient(denominator, numerator)
