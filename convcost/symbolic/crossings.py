"""Sign changes of a formula in one size: at roots of a polynomial, or, with floors, at integers.

⌊x⌋ is x − e with 0 ≤ e < 1, so a formula with floors lies between two polynomials. Where both have the same
sign, the formula has it too; the other integers are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby, islice
from math import ceil, floor, prod
from typing import NamedTuple, TypeAlias, cast

import sympy
from sympy import Abs, Dummy, Expr, Poly, Rational, Symbol, real_roots
from sympy.polys.polyerrors import PolynomialError

from convcost.symbolic.sympy_expressions import postorder, python_number, quotient

MOST_POINTS = 16
"""More sign changes are not a readable answer."""

MOST_RUNS = 500
"""The most sign changes when searching for the smallest of several formulas."""

MOST_TRIED = 2**20
"""The most integers that are tried."""

LARGEST_TRIED = 10**18


Point: TypeAlias = Expr | int | Fraction


class Crossings(NamedTuple):
    """The `points` where the sign changes, and the `signs` before, between and after them.

    If `exact`, points are roots; otherwise they are the first integers with the new sign. If the smallest
    size is a root, it is the first point, and the first sign is 0.
    """

    signs: tuple[int, ...]
    points: tuple[Point, ...] = ()
    exact: bool = True

    def from_size(self, least: int) -> Crossings:
        """The crossings for sizes of at least `least`."""
        skipped = sum(bool(point < least) or (not self.exact and point == least) for point in self.points)
        signs, points = self.signs[skipped:], self.points[skipped:]
        starts_there = self.exact and bool(points) and points[0] == least
        return self._replace(signs=(0, *signs[1:]) if starts_there else signs, points=points)

    def runs(self) -> tuple[SignRun, ...]:
        """The sign at all positive integers."""
        starts = {1: self.signs[0]}
        for point, sign in zip(self.points, self.signs[1:], strict=True):
            if not self.exact:
                starts[cast("int", point)] = sign
            elif isinstance(point, int):
                starts |= {point: 0, point + 1: sign}
            else:
                starts[_floor(point) + 1] = sign
        groups = groupby(starts.items(), key=lambda item: item[1])
        return tuple(SignRun(next(items)[0], sign) for sign, items in groups)


class SignRun(NamedTuple):
    """The sign at integers from `start` to the start of the next run."""

    start: int
    sign: int


def _floor(point: Point) -> int:
    return floor(point) if isinstance(point, int | Fraction) else int(sympy.floor(point))


def sign_of(value: Point) -> int:
    """−1, 0 or 1."""
    return int(bool(value > 0)) - int(bool(value < 0))


def crossings(difference: Expr, size: Symbol) -> Crossings | None:
    """The sign changes of `difference` over the positive values of its only `size`.

    None if there are too many, or if they could not be found.
    """
    polynomial = _polynomial(difference, size)
    return _integer_crossings(difference, size) if polynomial is None else _real_crossings(polynomial)


def _polynomial(formula: Expr, *sizes: Symbol) -> Poly | None:
    """`formula` as a polynomial in `sizes` with rational coefficients; None if it is not one."""
    try:
        polynomial = Poly(formula, *sizes)
    except PolynomialError:
        return None
    return polynomial if polynomial.domain.is_QQ or polynomial.domain.is_ZZ else None


def _real_crossings(polynomial: Poly) -> Crossings:
    roots = [root for root in dict.fromkeys(real_roots(polynomial)) if root > 0]
    signs = tuple(sign_of(polynomial.eval(point)) for point in _points_between(roots))
    changes = [
        index for index, root in enumerate(roots) if signs[index] != signs[index + 1] or root.is_Integer
    ]
    return Crossings(
        signs=(signs[0], *(signs[index + 1] for index in changes)),
        points=tuple(python_number(roots[index].together()) for index in changes),
    )


def _points_between(roots: list[Expr]) -> Iterator[Rational]:
    """A rational point before, between and after the roots."""
    edges = [Rational(0), *roots]
    for lower, upper in zip(edges, roots, strict=False):
        yield Rational(str(((lower + upper) / 2).evalf(30)))
    yield Rational(int(edges[-1]) + 1)


def _integer_crossings(difference: Expr, size: Symbol) -> Crossings | None:
    """The first integer of each new sign, among those at which the sign may change."""
    runs = _integer_runs(difference, size, MOST_POINTS)
    if runs is None:
        return None
    starts, signs = zip(*runs, strict=True)
    return Crossings(signs, starts[1:], exact=False)


def sign_runs(difference: Expr, size: Symbol) -> tuple[SignRun, ...] | None:
    """The sign of `difference` at all positive integers; None if it changes too often, or forever."""
    polynomial = _polynomial(difference, size)
    return (
        _integer_runs(difference, size, MOST_RUNS)
        if polynomial is None
        else _real_crossings(polynomial).runs()
    )


def _integer_runs(difference: Expr, size: Symbol, most: int) -> tuple[SignRun, ...] | None:
    """The runs of equal sign, from the integers at which it may change; None for more than `most`."""
    tried = _FloorReplacement(size).undecided(difference)
    numbers = tried and sorted({number for part in tried for number in part if number >= 1} | {1})
    if not numbers:
        return None
    groups = groupby(_signs(difference, size, numbers), key=lambda pair: pair[1])
    runs = tuple(islice((SignRun(*next(group)) for _, group in groups), most + 1))
    return runs if len(runs) <= most else None


def _signs(formula: Expr, size: Symbol, numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Each of the ascending `numbers` with the sign of the formula there."""
    import numpy as np

    from convcost.symbolic.columns import Column, broadcast_column

    column = cast("int", Column(np.array(numbers)))
    parts = cast("tuple[Column | int, ...]", quotient(formula, {size.name: column}))
    signs = prod(np.sign(broadcast_column(part, (len(numbers),)).values) for part in parts)
    return zip(numbers, np.asarray(signs).tolist(), strict=True)


class _FloorReplacement:
    """Replaces floors and absolute values by polynomials that hold for large values of one size.

    ⌊x⌋ becomes x minus an unknown error; `largest_errors` has the upper bound of each. The replacements hold
    for sizes above `settled`.
    """

    def __init__(self, size: Symbol) -> None:
        self.size = size
        self.largest_errors: dict[Dummy, Rational | int] = {}
        self.settled = 0

    def undecided(self, formula: Expr) -> list[range] | None:
        """The integers at which the sign of `formula` must be tried, as it does not change elsewhere.

        None if there are too many, or infinitely many.
        """
        replaced: dict[Expr, Expr | int] = {}
        for part in postorder(formula):
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
        is_too_many = sum(map(len, parts)) > MOST_TRIED or max(part.stop for part in parts) > LARGEST_TRIED
        return None if is_too_many else parts

    def _replacement(self, part: Expr, inner: Expr) -> Expr | int | None:
        """A replacement for a floor or an absolute value of `inner` at large sizes; None without one."""
        if isinstance(part, Abs):
            return self._absolute(inner)
        limit = self._limit(inner)
        if limit is not None:
            return limit
        error = Dummy()
        self.largest_errors[error] = _largest_error(part.args[0])
        return inner - error

    def _absolute(self, inner: Expr) -> Expr | None:
        """|inner| for large sizes; None if its sign is not known."""
        bounds = self._bounds(inner)
        parts = bounds and self._undecided(*bounds)
        if not bounds or parts is None:
            return None
        self._settle(part.stop for part in parts)
        return inner if bounds[0].LC() > 0 else -inner

    def _limit(self, inner: Expr) -> int | None:
        """The constant value of ⌊inner⌋ for large sizes, if there is one."""
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

    def _bounds(self, formula: Expr) -> tuple[Poly, Poly] | None:
        """A lower and an upper polynomial around one with the sign of `formula`; None if there is none."""
        numerator, denominator = formula.together().as_numer_denom()
        unknowns = formula.free_symbols
        errors = [error for error in self.largest_errors if error in unknowns]
        polynomial = _polynomial(numerator * denominator, self.size, *errors)
        if polynomial is None or denominator.has(*errors):
            return None
        lower, upper = Poly(0, self.size), Poly(0, self.size)
        for (power, *powers), coefficient in polynomial.terms():
            largest = prod(
                self.largest_errors[error] ** each for error, each in zip(errors, powers, strict=True)
            )
            ends = (0 if any(powers) else coefficient, coefficient * largest)
            monomial = Poly(self.size**power, self.size)
            lower, upper = lower + monomial * min(ends), upper + monomial * max(ends)
        return lower, upper

    def _undecided(self, lower: Poly, upper: Poly) -> list[range] | None:
        """The integers at which a value between these bounds may change sign; None if they do not end."""

        def is_decided(point: Rational | int) -> bool:
            return bool(lower == upper or lower.eval(point) > 0 or upper.eval(point) < 0)

        parts, last = [], 0
        for start, stop in sorted([*_root_intervals(lower), *_root_intervals(upper)]):
            if last < start and not is_decided(Rational(last + start, 2)):
                parts.append(range(last, start))
            parts.append(range(start, stop + 2))
            last = max(last, stop)
        return parts if is_decided(last + 1) else None


def _largest_error(inner: Expr) -> Rational | int:
    """The upper bound of `inner` − ⌊inner⌋."""
    unknown = {part: Dummy() for part in inner.atoms(sympy.floor, Abs)}
    denominator = inner.xreplace(unknown).as_numer_denom()[1]
    return 1 - 1 / denominator if denominator.is_Integer else 1


def _root_intervals(polynomial: Poly) -> Iterator[tuple[int, int]]:
    """For each positive root, the integers on both sides of it."""
    if polynomial.degree() > 0:
        for (start, stop), _ in polynomial.intervals(eps=Rational(1, 2), inf=0):
            yield floor(start), ceil(stop)
