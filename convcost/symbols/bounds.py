"""Signs of formulas over positive integers, proved where a simple proof exists."""

from __future__ import annotations

from typing import Any

from sympy import Abs, Dummy, Poly, floor
from sympy.polys.polyerrors import PolynomialError

SMALL = 3
LARGE = 10**6
"""Where sizes are this large, the leading terms decide a sign."""


def is_nonnegative(formula: Any) -> bool | None:
    """Whether `formula` ≥ 0 for all positive integers: True, False (never so), or None (unknown)."""
    formula = unrounded(formula)
    if formula.is_nonnegative is not None:
        return bool(formula.is_nonnegative)
    if _has_no_negative_term(formula) or _is_of_ordered_roundings(formula):
        return True
    return False if _has_no_negative_term(-formula - 1) else None


def unrounded(difference: Any) -> Any:
    """An x that is ≥ 0 where `difference` is: ⌊x⌋ + m ≥ 0 says as much as x + m ≥ 0 for a whole m."""
    roundings = difference.atoms(floor)
    for rounded in roundings:
        rest = difference - rounded
        if not rest.has(floor) and rest.is_integer:
            return (rounded.args[0] + rest).expand()
    return difference


def _is_of_ordered_roundings(difference: Any) -> bool:
    """Whether it is ⌊x⌋ + m − ⌊y⌋ for a whole m with x + m ≥ y."""
    added = [rounded for rounded in difference.atoms(floor) if difference.coeff(rounded) == 1]
    taken = [rounded for rounded in difference.atoms(floor) if difference.coeff(rounded) == -1]
    if len(added) != 1 or len(taken) != 1:
        return False
    rest = difference - added[0] + taken[0]
    if rest.has(floor) or not rest.is_integer:
        return False
    return _has_no_negative_term(added[0].args[0] + rest - taken[0].args[0])


def _has_no_negative_term(formula: Any) -> bool:
    """Whether the least that `formula` can be, in sizes counted from 1, has no negative coefficient."""
    least = _without_floors(formula)
    if least.has(floor, Abs):
        return False
    if not least.free_symbols:
        return bool(least >= 0)
    from_zero = {size: Dummy(integer=True, nonnegative=True) + 1 for size in least.free_symbols}
    try:
        polynomial = Poly(least.subs(from_zero, simultaneous=True).expand())
    except PolynomialError:
        return False
    return all(coefficient >= 0 for coefficient in polynomial.coeffs())


def _without_floors(formula: Any) -> Any:
    """A lower bound: ⌊a/n⌋ ≥ (a − n + 1)/n where it is added, ⌊x⌋ ≤ x where it is taken away."""
    bound = formula.expand()
    for rounded in sorted(bound.atoms(floor), key=lambda rounded: rounded.count_ops()):
        factor = bound.coeff(rounded)
        inner = rounded.args[0]
        if factor.is_nonnegative:
            denominator = inner.together().as_numer_denom()[1]
            least = inner - 1 + (1 / denominator if denominator.is_Integer else 0)
            bound = bound.subs(rounded, least)
        elif factor.is_nonpositive:
            bound = bound.subs(rounded, inner)
    return bound


def is_nonnegative_when_large(formula: Any, large: frozenset[Any]) -> bool:
    """Whether `formula` ≥ 0 where the sizes in `large` are, and the others small."""
    values = {size: LARGE if size in large else SMALL for size in formula.free_symbols}
    return bool(formula.subs(values) >= 0)
