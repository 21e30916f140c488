"""Where a formula in one size changes its sign: its roots, or, with roundings, whole numbers.

A rounding ⌊x⌋ is x − e with 0 ≤ e < 1, so that a formula with roundings lies between two polynomials. Where
both have one sign, it has that too; the whole numbers in between are tried, all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from math import ceil, floor, prod
from typing import Any, NamedTuple

import sympy
from sympy import Abs, Dummy, Poly, Rational, real_roots
from sympy.polys.polyerrors import PolynomialError

from convcost.symbolic.expressions import inner_first, python_number, quotient

MOST_POINTS = 16
"""More changes of a sign are no answer that a reader can hold in mind."""

MOST_TRIED = 2**20
"""Whole numbers that are tried where the sign is not known otherwise."""

LARGEST_TRIED = 10**18


class Crossings(NamedTuple):
    """`points` where a sign changes, and the `signs` before, between and behind them.

    `exact` tells roots from the first whole numbers of a new sign. A first sign of 0 before a root holds at
    that root, the least size there is.
    """

    signs: tuple[int, ...]
    points: tuple[Any, ...] = ()
    exact: bool = True

    def beyond(self, least: int) -> Crossings:
        """The same for sizes from `least` on."""
        passed = sum(bool(point < least) or (not self.exact and point == least) for point in self.points)
        signs, points = self.signs[passed:], self.points[passed:]
        starts_there = self.exact and bool(points) and points[0] == least
        return self._replace(signs=(0, *signs[1:]) if starts_there else signs, points=points)


def sign_of(value: Any) -> int:
    """−1, 0 or 1."""
    return int(bool(value > 0)) - int(bool(value < 0))


def crossings(difference: Any, size: Any) -> Crossings | None:
    """Where `difference` changes its sign over the positive values of its one `size`.

    None where it does so too often to be told, or without an end, or where that is not known.
    """
    polynomial = _polynomial(difference, size)
    return _whole_crossings(difference, size) if polynomial is None else _real_crossings(polynomial)


def _polynomial(formula: Any, *sizes: Any) -> Poly | None:
    """The polynomial in `sizes` with rational coefficients that `formula` is; None if it is none."""
    try:
        polynomial = Poly(formula, *sizes)
    except PolynomialError:
        return None
    return polynomial if polynomial.domain.is_QQ or polynomial.domain.is_ZZ else None


def _real_crossings(polynomial: Poly) -> Crossings:
    roots = [root for root in dict.fromkeys(real_roots(polynomial)) if root > 0]
    signs = tuple(sign_of(polynomial.eval(point)) for point in _between(roots))
    kept = [place for place, root in enumerate(roots) if signs[place] != signs[place + 1] or root.is_Integer]
    return Crossings(
        signs=(signs[0], *(signs[place + 1] for place in kept)),
        points=tuple(python_number(roots[place].together()) for place in kept),
    )


def _between(roots: list[Any]) -> Iterator[Any]:
    """A rational point before, between and behind the crossings."""
    edges = [Rational(0), *roots]
    for lower, upper in zip(edges, roots, strict=False):
        yield Rational(str(((lower + upper) / 2).evalf(30)))
    yield Rational(int(edges[-1]) + 1)


def _whole_crossings(difference: Any, size: Any) -> Crossings | None:
    """The first whole number of each new sign: those are tried at which the sign may change."""
    tried = _Roundings(size).undecided(difference)
    numbers = tried and sorted({number for part in tried for number in part if number >= 1} | {1})
    if not numbers:
        return None
    runs = [next(run) for _, run in groupby(_signs(difference, size, numbers), key=lambda found: found[1])]
    if len(runs) > MOST_POINTS:
        return None
    starts, signs = zip(*runs, strict=True)
    return Crossings(signs, starts[1:], exact=False)


def _signs(formula: Any, size: Any, numbers: list[int]) -> Iterator[tuple[int, int]]:
    """The numbers, which ascend, and the sign of the formula at each."""
    import numpy as np

    from convcost.symbolic.columns import Column, spread

    column: Any = Column(np.array(numbers))
    parts: Any = quotient(formula, {size.name: column})
    signs = prod(np.sign(spread(part, (len(numbers),)).values) for part in parts)
    return zip(numbers, signs.tolist(), strict=True)


class _Roundings:
    """Roundings and absolute values in one size, which are replaced by what they are for large sizes.

    `errors` has the largest value of what is added for each; up to `settled`, the replacement may not hold.
    """

    def __init__(self, size: Any) -> None:
        self.size = size
        self.errors: dict[Any, Any] = {}
        self.settled = 0

    def undecided(self, formula: Any) -> list[range] | None:
        """The whole numbers at which the sign of `formula` is to be tried; between them it stays.

        None if they have no end, or are too many.
        """
        replaced: dict[Any, Any] = {}
        for part in inner_first(formula):
            if isinstance(part, sympy.floor | Abs):
                replacement = self._replacement(part, part.args[0].xreplace(replaced))
                if replacement is None:
                    return None
                replaced[part] = replacement
        bounds = self._bounds(formula.xreplace(replaced))
        parts = bounds and self._undecided(*bounds)
        if parts is None:
            return None
        parts.append(range(1, self.settled + 2))
        is_too_much = sum(map(len, parts)) > MOST_TRIED or max(part.stop for part in parts) > LARGEST_TRIED
        return None if is_too_much else parts

    def _replacement(self, part: Any, inner: Any) -> Any:
        """What a rounding or an absolute value of `inner` is for large sizes; None if that is not known."""
        if isinstance(part, Abs):
            return self._unsigned(inner)
        limit = self._limit(inner)
        if limit is not None:
            return limit
        error = Dummy()
        self.errors[error] = _largest_error(part.args[0])
        return inner - error

    def _unsigned(self, inner: Any) -> Any:
        bounds = self._bounds(inner)
        parts = bounds and self._undecided(*bounds)
        if not bounds or parts is None:
            return None
        self._settle(part.stop for part in parts)
        return inner if bounds[0].LC() > 0 else -inner

    def _limit(self, inner: Any) -> int | None:
        """The whole number that ⌊inner⌋ is for all large sizes, if there is one."""
        numerator, denominator = (_polynomial(part, self.size) for part in inner.together().as_numer_denom())
        if numerator is None or denominator is None or numerator.degree() > denominator.degree():
            return None
        limit = numerator.coeff_monomial(self.size ** denominator.degree()) / denominator.LC()
        is_below = (numerator - denominator * limit).LC() * denominator.LC() < 0
        rounded: int = ceil(limit) - 1 if is_below else floor(limit)
        edges = denominator, numerator - denominator * rounded, numerator - denominator * (rounded + 1)
        self._settle(stop for polynomial in edges for _, stop in _root_intervals(polynomial))
        return rounded

    def _settle(self, numbers: Iterable[int]) -> None:
        self.settled = max(self.settled, *numbers, 0)

    def _bounds(self, formula: Any) -> tuple[Poly, Poly] | None:
        """Two polynomials between which one lies that has the sign of `formula`, where that is settled."""
        numerator, denominator = formula.together().as_numer_denom()
        errors = [*(formula.free_symbols & self.errors.keys())]
        polynomial = _polynomial(numerator * denominator, self.size, *errors)
        if polynomial is None or denominator.has(*errors):
            return None
        lower, upper = Poly(0, self.size), Poly(0, self.size)
        for (power, *powers), coefficient in polynomial.terms():
            largest = prod(self.errors[error] ** each for error, each in zip(errors, powers, strict=True))
            ends = (0 if any(powers) else coefficient, coefficient * largest)
            monomial = Poly(self.size**power, self.size)
            lower, upper = lower + monomial * min(ends), upper + monomial * max(ends)
        return lower, upper

    def _undecided(self, lower: Poly, upper: Poly) -> list[range] | None:
        """Where a number between these bounds may change its sign."""

        def is_decided(point: Any) -> bool:
            return bool(lower == upper or lower.eval(point) > 0 or upper.eval(point) < 0)

        parts, last = [], 0
        for start, stop in sorted([*_root_intervals(lower), *_root_intervals(upper)]):
            if last < start and not is_decided(Rational(last + start, 2)):
                parts.append(range(last, start))
            parts.append(range(start, stop + 2))
            last = max(last, stop)
        return parts if is_decided(last + 1) else None


def _largest_error(inner: Any) -> Any:
    """By how much ⌊inner⌋ is less than that, at most."""
    unknown = {part: Dummy() for part in inner.atoms(sympy.floor, Abs)}
    denominator = inner.xreplace(unknown).as_numer_denom()[1]
    return 1 - 1 / denominator if denominator.is_Integer else 1


def _root_intervals(polynomial: Poly) -> Iterator[tuple[int, int]]:
    """For each positive root, whole numbers next to it on both sides."""
    if polynomial.degree() > 0:
        for (start, stop), _ in polynomial.intervals(eps=Rational(1, 2), inf=0):
            yield floor(start), ceil(stop)
