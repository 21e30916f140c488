"""Polynomials of which it shows that they are nowhere negative, in sizes from 1 on."""

from __future__ import annotations

from itertools import product
from math import comb, prod
from typing import Any

from convcost.symbolic.formula import Formula
from convcost.symbolic.terms import Coefficient, Monomial, rank

MOST_SHIFTED = 500
"""A polynomial is not counted from 0 if it has more terms then."""


def is_positive_sum(number: Any) -> bool:
    """Whether a polynomial is ≥ 0 for a reason that shows in its terms."""
    if not isinstance(number, Formula):
        return bool(number >= 0)
    if not all(atom.is_positive for atom in number.atoms):
        return False
    if all(factor > 0 for factor in number.terms.values()):
        return True
    if any(power < 0 for term in number.terms for _, power in term):
        return False
    return _is_outweighed(number) or _is_positive_from_zero(number)


def _is_outweighed(polynomial: Formula) -> bool:
    """Whether each negative term is outweighed by a positive one that is a multiple of it, as L by K·L."""
    order = sorted(polynomial.terms, key=rank)
    left = {term: polynomial.terms[term] for term in order if polynomial.terms[term] > 0}
    for term in reversed(order):
        needed = -polynomial.terms[term]
        for other in left if needed > 0 else ():
            if _divides(term, other):
                taken = min(needed, left[other])
                left[other], needed = left[other] - taken, needed - taken
        if needed > 0:
            return False
    return True


def _divides(term: Monomial, other: Monomial) -> bool:
    powers = dict(other)
    return all(power <= powers.get(atom, 0) for atom, power in term)


def _is_positive_from_zero(polynomial: Formula) -> bool:
    """Whether no factor is negative with n + 1 for each size, n from 0 on."""
    if sum(prod(power + 1 for _, power in term) for term in polynomial.terms) > MOST_SHIFTED:
        return False
    total: dict[Monomial, Coefficient] = {}
    for term, factor in polynomial.terms.items():
        atoms, powers = tuple(term), tuple(power for _, power in term)
        for lower in product(*(range(power + 1) for power in powers)):
            chosen = frozenset((atom, few) for (atom, _), few in zip(atoms, lower, strict=True) if few)
            ways = prod(map(comb, powers, lower))
            total[chosen] = total.get(chosen, 0) + factor * ways
    return all(factor >= 0 for factor in total.values())
