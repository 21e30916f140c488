"""Which formulas are integers for all sizes."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod

from convcost.symbolic.terms import Atom, Coefficient, HasTerms, Monomial, Terms, terms_of

MOST_CASES = 12
"""In a longer sum both cases of an absolute value are not looked into."""

MOST_GRID_POINTS = 400
"""A polynomial is not evaluated at more points."""


def is_integer(number: HasTerms | Terms | Coefficient) -> bool:
    """Whether a polynomial with fractions for coefficients is an integer for all integer sizes.

    So it is if it is at all points of a grid that is one longer in each size than its degree there.
    """
    return _is_integer(terms_of(number))


@lru_cache(maxsize=5_000)
def _is_integer(terms: Terms) -> bool:
    if all(is_integer_term(*term) for term in terms.items()):
        return True
    if any(power < 0 for term in terms for _, power in term):
        return False
    absolutes = [atom for atom in terms.atoms if atom.kind == "absolute"]
    if absolutes:
        first = min(absolutes, key=lambda atom: atom.key)
        cases = (_with_sign(terms, first, sign) for sign in (1, -1))
        return len(terms) <= MOST_CASES and all(map(_is_integer, cases))
    return all(map(is_integer_atom, terms.atoms)) and _is_integer_on_grid(terms)


def is_integer_term(monomial: Monomial, factor: Coefficient) -> bool:
    """Whether a term is an integer by its factors alone."""
    return factor.denominator == 1 and all(power > 0 and is_integer_atom(atom) for atom, power in monomial)


def is_integer_atom(atom: Atom) -> bool:
    """Whether an atom is an integer."""
    return atom.kind in ("name", "rounded") or is_integer(atom.inner)


def _with_sign(terms: Terms, bar: Atom, sign: int) -> Terms:
    """`terms` with x, or with −x, for an absolute value |x|."""
    inner = terms_of(bar.inner) * sign
    result = Terms({})
    for monomial, factor in terms.items():
        others = Terms({frozenset((atom, power) for atom, power in monomial if atom != bar): factor})
        result += prod([inner] * dict(monomial).get(bar, 0), start=others)
    return result


def _is_integer_on_grid(polynomial: Terms) -> bool:
    atoms = list(polynomial.atoms)
    degrees = [max(dict(term).get(atom, 0) for term in polynomial) for atom in atoms]
    if prod(degree + 1 for degree in degrees) > MOST_GRID_POINTS:
        return False
    grid = product(*(range(degree + 1) for degree in degrees))
    return all(_value(polynomial, dict(zip(atoms, point, strict=True))).denominator == 1 for point in grid)


def _value(polynomial: Terms, values: dict[Atom, int]) -> Coefficient:
    total: Coefficient = 0
    for term, factor in polynomial.items():
        total += factor * prod(values[atom] ** power for atom, power in term)
    return total
