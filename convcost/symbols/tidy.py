"""Formulas made shorter where that is exact, within a bound on the work.

What stays unsimplified is still exact: only its reading suffers.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import prod
from typing import Any, NamedTuple

from sympy import Abs, Add, Integer, Mul, Poly, Rational, floor
from sympy.polys.polyerrors import PolynomialError

from convcost.symbols.bounds import is_nonnegative, is_nonnegative_when_large

MOST_OPERATIONS = 400
"""A formula with more operations is left as it is."""

MOST_GRID_POINTS = 2000

MOST_ASSUMED = 20

MOST_PASSES = 4


class Tidied(NamedTuple):
    """A formula, and the differences that were assumed to be ≥ 0 on the way."""

    formula: Any
    assumed: frozenset[Any] = frozenset()


@cache
def tidy(formula: Any, large: frozenset[Any] = frozenset()) -> Tidied:
    """`formula` with absolute values and roundings resolved where they can be, multiplied out.

    A sign that varies is assumed as it is where the sizes in `large` are much larger than the others;
    one that they do not decide stays.
    """
    if not getattr(formula, "free_symbols", None):
        return Tidied(formula)
    if formula.count_ops() > MOST_OPERATIONS:
        return _by_parts(formula, large)
    assumed: set[Any] = set()
    simpler = formula
    for _ in range(MOST_ASSUMED):
        signs = {sign: _absolute(sign.args[0], assumed, large) for sign in _innermost(simpler)}
        resolved = simpler.xreplace({sign: side for sign, side in signs.items() if side is not None})
        if resolved == simpler:
            break
        simpler = _all_rounded(resolved)
    simpler = _all_rounded(simpler)
    expanded = simpler.expand()
    short = expanded if expanded.count_ops() <= MOST_OPERATIONS else simpler
    return Tidied(short, frozenset(assumed))


def _by_parts(formula: Any, large: frozenset[Any]) -> Tidied:
    """Each factor or term on its own, where the whole is too long."""
    if not isinstance(formula, Add | Mul):
        return Tidied(formula)
    parts = [tidy(part, large) for part in formula.args]
    assumed = frozenset[Any]().union(*(part.assumed for part in parts))
    shorter = formula.func(*(part.formula for part in parts))
    expanded = shorter.expand() if shorter.count_ops() <= MOST_OPERATIONS else shorter
    return Tidied(min(shorter, expanded, key=lambda form: form.count_ops()), assumed)


def _innermost(formula: Any) -> list[Any]:
    return sorted((sign for sign in formula.atoms(Abs) if not sign.args[0].has(Abs)), key=str)


def _absolute(inner: Any, assumed: set[Any], large: frozenset[Any]) -> Any:
    """|inner| without the bars, or None where its sign is open."""
    inner = inner.replace(floor, _rounded).expand()
    for side in (inner, -inner):
        if is_nonnegative(side):
            return side
    if not inner.free_symbols & large:
        return None
    side = inner if is_nonnegative_when_large(inner, large) else -inner
    assumed.add(side)
    return side


def _all_rounded(formula: Any) -> Any:
    """Every rounding in its one form; a new form may bring out another, so until nothing changes."""
    for _ in range(MOST_PASSES):
        before, formula = formula, formula.replace(floor, _rounded)
        if formula == before:
            break
    return formula


def _rounded(inner: Any) -> Any:
    """⌊inner⌋ in one form: gone where `inner` is whole, never of a negative, never one in another."""
    whole, fraction = _parted(inner)
    if is_whole(fraction):
        return inner.expand()
    fraction = _unnested(fraction)
    if _leads_negative(fraction):
        return whole - _positively_rounded(_rounded_up(fraction))
    return whole + _positively_rounded(fraction)


def _parted(inner: Any) -> tuple[Any, Any]:
    """The terms that are whole for certain, and the rest."""
    terms = Add.make_args(inner.expand())
    whole = [term for term in terms if term.is_integer]
    return Add(*whole), Add(*(term for term in terms if not term.is_integer))


def _leads_negative(fraction: Any) -> bool:
    leading = max(Add.make_args(fraction), key=lambda term: (len(term.free_symbols), str(term)))
    return bool(leading.could_extract_minus_sign())


def _rounded_up(fraction: Any) -> Any:
    """The x of which ⌊x⌋ = ⌈−fraction⌉: (−a + n − 1) / n for a fraction a / n."""
    numerator, denominator = fraction.together().as_numer_denom()
    return ((denominator - 1 - numerator) / denominator).expand()


def _positively_rounded(fraction: Any) -> Any:
    """⌊fraction⌋ with the whole part of its constant in front."""
    constant, rest = fraction.expand().as_coeff_Add()
    shift = floor(constant)
    return shift + floor(rest + constant - shift)


def _unnested(fraction: Any) -> Any:
    """⌊(⌊x⌋ + m) / n⌋ = ⌊(x + m) / n⌋ for whole m and n > 0."""
    for rounded in fraction.atoms(floor):
        share = fraction.coeff(rounded)
        if not (share.is_Rational and share.p == 1):
            continue
        rest = (fraction - share * rounded).expand()
        if not rest.has(floor) and is_whole((rest / share).expand()):
            return (fraction - share * rounded + share * rounded.args[0]).expand()
    return fraction


@cache
def is_whole(formula: Any) -> bool:
    """Whether a polynomial with fractions for coefficients is a whole number at all whole sizes.

    So it is if it is at all points of a grid that is one longer in each size than its degree there.
    """
    if formula.is_integer or formula.is_number:
        return bool(formula.is_integer)
    try:
        polynomial = Poly(formula)
    except PolynomialError:
        return False
    known = all(size.is_integer for size in polynomial.gens)
    if not known or not all(coefficient.is_Rational for coefficient in polynomial.coeffs()):
        return False
    grid = [range(degree + 1) for degree in polynomial.degree_list()]
    points = prod(map(len, grid))
    return points <= MOST_GRID_POINTS and all(polynomial(*point).is_integer for point in product(*grid))


def plain(value: Any) -> Any:
    """`value` as a Python int where it is one."""
    if isinstance(value, Integer):
        return int(value)
    if isinstance(value, Rational):
        from fractions import Fraction

        return Fraction(int(value.p), int(value.q))
    return value
