"""Which formulas are whole numbers whatever the sizes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

from convcost.symbolic.formula import Formula, part
from convcost.symbolic.terms import Atom, Coefficient, Monomial

MOST_CASES = 12
"""In a longer sum absolute values are not looked into."""

MOST_GRID_POINTS = 400
"""A polynomial is not tried at more points."""


@lru_cache(maxsize=5_000)
def is_integer(number: Any) -> bool:
    """Whether a polynomial with fractions for coefficients is a whole number at all whole sizes.

    So it is if it is at all points of a grid that is one longer in each size than its degree there.
    """
    if not isinstance(number, Formula):
        return bool(number.denominator == 1)
    if all(is_integer_term(*term) for term in number.terms.items()):
        return True
    bars = [atom for atom in number.atoms if atom.kind == "absolute"]
    if bars:
        return len(number.terms) <= MOST_CASES and all(map(is_integer, _cases(number, bars[0])))
    if not all(power > 0 and is_integer_atom(atom) for term in number.terms for atom, power in term):
        return False
    return _is_whole_on_grid(number)


def is_integer_term(monomial: Monomial, factor: Coefficient) -> bool:
    """Whether a term is whole by its factors alone."""
    return factor.denominator == 1 and all(power > 0 and is_integer_atom(atom) for atom, power in monomial)


def is_integer_atom(atom: Atom) -> bool:
    """Whether an atom is a whole number."""
    return atom.kind in ("name", "rounded") or is_integer(atom.inner)


def _cases(formula: Formula, bar: Atom) -> Iterator[Any]:
    """`formula` with x and with −x for |x|."""
    yield formula.put_in(lambda atom: bar.inner if atom == bar else part(*atom))
    yield formula.put_in(lambda atom: -bar.inner if atom == bar else part(*atom))


def _is_whole_on_grid(polynomial: Formula) -> bool:
    atoms = list(polynomial.atoms)
    degrees = [max(dict(term).get(atom, 0) for term in polynomial.terms) for atom in atoms]
    if prod(degree + 1 for degree in degrees) > MOST_GRID_POINTS:
        return False
    grid = product(*(range(degree + 1) for degree in degrees))
    return all(_at(polynomial, dict(zip(atoms, point, strict=True))).denominator == 1 for point in grid)


def _at(polynomial: Formula, values: dict[Atom, int]) -> Coefficient:
    total: Coefficient = sum(
        factor * prod(values[atom] ** power for atom, power in term)
        for term, factor in polynomial.terms.items()
    )
    return total
