"""Sums of a number and roundings of its half, as padding to an even size makes them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from convcost.symbolic.formula import Formula, atoms_of, part
from convcost.symbolic.rounding import rounded
from convcost.symbolic.terms import Atom

HALF = Fraction(1, 2)


@lru_cache(maxsize=10_000)
def with_fewer_halves(number: Any) -> Any:
    """`number` with ⌊(n + 1)/2⌋ for n − ⌊n/2⌋, or the other way round, where that makes it shorter."""
    for atom in sorted(atoms_of(number), key=str):
        shorter = _complemented(number, atom)
        if len(_terms(shorter)) < len(_terms(number)):
            return with_fewer_halves(shorter)
    return number


def _complemented(number: Formula, atom: Atom) -> Any:
    """`number` by ⌊x⌋ = ⌊2·x⌋ − ⌊x + 1/2⌋, Hermite's identity for two."""
    if atom.kind != "rounded":
        return number
    other = rounded(2 * atom.inner) - rounded(atom.inner + HALF)
    return number.put_in(lambda found: other if found == atom else part(*found))


def _terms(number: Any) -> Any:
    return number.terms if isinstance(number, Formula) else ()
