"""What formulas are made of: atoms, their products, and the sums of those."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

Coefficient: TypeAlias = int | Fraction


class Atom(NamedTuple):
    """A part of a product: a size by its name, |inner|, ⌊inner⌋, or a sum that is kept together.

    A `positive` sum is 1 or more, as a dimension is.
    """

    kind: Literal["name", "absolute", "rounded", "sum", "positive"]
    inner: Any

    @property
    def is_positive(self) -> bool:
        """Whether it is 1 or more whatever the sizes."""
        return self.kind in ("name", "positive")

    @property
    def parts(self) -> int:
        """How much there is to read in it; what is kept together counts as one."""
        return int(self.inner.parts) if self.kind in ("rounded", "absolute") else 1

    @property
    def weight(self) -> int:
        """How much there is to read in it with all that is kept together written out."""
        return 1 if self.kind == "name" else int(self.inner.weight)

    @property
    def key(self) -> tuple[str, str]:
        """By which atoms are put in an order that is the same in each run."""
        return self.kind, self.inner if self.kind == "name" else self.inner.key


Monomial: TypeAlias = frozenset[tuple[Atom, int]]
"""Atoms, each with its power."""

Terms: TypeAlias = Mapping[Monomial, Coefficient]
"""Monomials, each with its factor."""

UNIT: Monomial = frozenset()


def rank(monomial: Monomial) -> tuple[Any, ...]:
    """By which monomials are put in order."""
    return len(monomial), sorted((*atom.key, power) for atom, power in monomial)


def size_of(monomial: Monomial) -> str:
    """The name of the one size that a monomial is; empty if it is anything else."""
    if len(monomial) != 1:
        return ""
    [(atom, power)] = monomial
    return atom.inner if atom.kind == "name" and power == 1 else ""


def plain(factor: Coefficient) -> Coefficient:
    """A fraction as the int that it is, if it is one."""
    return factor.numerator if factor.denominator == 1 else factor


def total(first: Terms, second: Terms) -> Terms:
    """The terms of both together."""
    found = dict(first)
    for monomial, factor in second.items():
        found[monomial] = found.get(monomial, 0) + factor
    return found


def multiplied(first: Terms, second: Terms) -> Terms:
    """Each term of `first` times each of `second`."""
    found: dict[Monomial, Coefficient] = {}
    for monomial, factor in first.items():
        for other, other_factor in second.items():
            product = _product(monomial, other)
            found[product] = found.get(product, 0) + factor * other_factor
    return found


@lru_cache(maxsize=20_000)
def _product(first: Monomial, second: Monomial) -> Monomial:
    if not first or not second:
        return first or second
    powers = dict(first)
    for atom, power in second:
        powers[atom] = powers.get(atom, 0) + power
    return frozenset((atom, power) for atom, power in powers.items() if power)
