"""What formulas are made of: sizes, floors and absolute values, their products, and sums of those."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

Coefficient: TypeAlias = int | Fraction


class Atom(NamedTuple):
    """A factor of a product: a size by its name, |inner|, ⌊inner⌋, or an opaque sum (not multiplied out).

    `inner` is the name, or else a Formula. A `positive` sum is opaque, and 1 or more, as a dimension is.
    """

    kind: Literal["name", "absolute", "rounded", "sum", "positive"]
    inner: Any

    @property
    def is_positive(self) -> bool:
        """Whether it is 1 or more for all sizes."""
        return self.kind in ("name", "positive")

    @property
    def parts(self) -> int:
        """The number of terms and atoms that a reader sees; an opaque sum counts as one."""
        return int(self.inner.parts) if self.kind in ("rounded", "absolute") else 1

    @property
    def weight(self) -> int:
        """The number of parts with all opaque sums written out."""
        return 1 if self.kind == "name" else int(self.inner.weight)

    def __str__(self) -> str:
        return self.inner if self.kind == "name" else f"{FUNCTIONS.get(self.kind, '')}({self.inner})"

    @property
    def key(self) -> tuple[str, str]:
        """The sort key: it is the same in each run."""
        return self.kind, self.inner if self.kind == "name" else self.inner.key


FUNCTIONS = {"rounded": "floor", "absolute": "Abs"}
"""sympy's names."""

Monomial: TypeAlias = frozenset[tuple[Atom, int]]
"""Atoms, each with its power."""

UNIT: Monomial = frozenset()


class HasTerms(Protocol):
    """A formula."""

    @property
    def terms(self) -> Terms:
        """The sum that it is."""


class Terms(dict[Monomial, Coefficient]):
    """A sum: each monomial with its coefficient, none of them 0. Never changed once it is made."""

    __slots__ = ("_hash",)

    def __init__(self, coefficients: Mapping[Monomial, Coefficient]) -> None:
        super().__init__(
            {
                term: number if isinstance(number, int) else simplify_number(number)
                for term, number in coefficients.items()
                if number
            }
        )
        self._hash = 0

    def __hash__(self) -> int:  # type: ignore[override]
        if not self._hash:
            self._hash = hash(frozenset(self.items()))
        return self._hash

    @property
    def atoms(self) -> frozenset[Atom]:
        """The atoms of its monomials."""
        return frozenset(atom for monomial in self for atom, _ in monomial)

    @property
    def constant(self) -> Coefficient:
        """The term without an atom."""
        return self.get(UNIT, 0)

    @property
    def is_constant(self) -> bool:
        """Whether it is a plain number."""
        return not self or self.keys() == {UNIT}

    def __neg__(self) -> Terms:
        return Terms({monomial: -factor for monomial, factor in self.items()})

    def __add__(self, other: Terms | Coefficient) -> Terms:
        found = dict(self)
        for monomial, factor in terms_of(other).items():
            found[monomial] = found.get(monomial, 0) + factor
        return Terms(found)

    def __sub__(self, other: Terms | Coefficient) -> Terms:
        return self + -other

    def __mul__(self, other: Terms | Coefficient) -> Terms:
        if not isinstance(other, Terms):
            return Terms({monomial: factor * other for monomial, factor in self.items()})
        found: dict[Monomial, Coefficient] = {}
        for mine, factor in self.items():
            for theirs, other_factor in other.items():
                product = _product(mine, theirs)
                found[product] = found.get(product, 0) + factor * other_factor
        return Terms(found)

    def inverse(self) -> Terms:
        """1 / self, which has one term."""
        [(monomial, factor)] = self.items()
        return Terms({frozenset((atom, -power) for atom, power in monomial): Fraction(1, factor)})

    def __str__(self) -> str:
        """As sympy writes it, without it: E**2 + 2*E - floor(L/2 + 1/2) + 1."""
        atoms = sorted(self.atoms, key=lambda atom: (atom.kind != "name", str(atom)))

        def powers(term: tuple[Monomial, Coefficient]) -> list[int]:
            return [-dict(term[0]).get(atom, 0) for atom in atoms]

        written = [_written(*term) for term in sorted(self.items(), key=powers)]
        if len(written) == 2 and written[0][0] == "-" and self.constant > 0:
            written.reverse()
        return " + ".join(written).replace("+ -", "- ") or "0"


def _written(monomial: Monomial, factor: Coefficient) -> str:
    numerator, denominator = abs(factor.numerator), factor.denominator
    above, below = [str(numerator)], [str(denominator)]
    for atom, power in sorted(monomial, key=lambda item: str(item[0])):
        (above if power > 0 else below).append(f"{atom}**{abs(power)}" if abs(power) != 1 else str(atom))
    above, below = above[numerator == 1 and len(above) > 1 :], below[denominator == 1 :]
    text = "*".join(above)
    if below:
        text += f"/{below[0]}" if len(below) == 1 else f"/({'*'.join(below)})"
    return f"-{text}" if factor < 0 else text


@lru_cache(maxsize=20_000)
def _product(first: Monomial, second: Monomial) -> Monomial:
    if not first or not second:
        return first or second
    powers = dict(first)
    for atom, power in second:
        powers[atom] = powers.get(atom, 0) + power
    return frozenset((atom, power) for atom, power in powers.items() if power)


def terms_of(number: HasTerms | Terms | Coefficient) -> Terms:
    """The terms of a formula, or of a plain number."""
    if isinstance(number, Terms):
        return number
    if isinstance(number, int | Fraction):
        return Terms({UNIT: number})
    if not hasattr(number, "terms"):
        raise TypeError(f"no formula: {type(number).__name__}")
    return number.terms


def simplify_number(number: Coefficient) -> Coefficient:
    """`number` as an int if it is an integer."""
    return number.numerator if number.denominator == 1 else number


def monomial_of(atom: Atom) -> Monomial:
    """The monomial that is `atom`."""
    return frozenset({(atom, 1)})


def monomial_key(monomial: Monomial) -> tuple[int, list[tuple[str, str, int]]]:
    """The sort key of a monomial."""
    return len(monomial), sorted((*atom.key, power) for atom, power in monomial)


def size_name(monomial: Monomial) -> str:
    """The size's name if the monomial is a single size, or else empty."""
    if len(monomial) != 1:
        return ""
    [(atom, power)] = monomial
    return atom.inner if atom.kind == "name" and power == 1 else ""


def common_divisor(number: HasTerms | Terms) -> Terms:
    """The least positive product that removes all divisions when a sum is multiplied by it."""
    terms = terms_of(number)
    denominators = lcm(*(factor.denominator for factor in terms.values()))
    divisors = ((atom, -power) for atom, power in _least_powers(terms).items() if power < 0)
    return Terms({frozenset(divisors): denominators})


def common_factors(number: HasTerms | Terms | Coefficient) -> Terms:
    """The largest product, with a positive coefficient, that divides every term."""
    terms = terms_of(number)
    if not terms:
        return terms_of(1)
    numerators, denominators = zip(*(factor.as_integer_ratio() for factor in terms.values()), strict=True)
    powers = frozenset((atom, power) for atom, power in _least_powers(terms).items() if power)
    return Terms({powers: Fraction(gcd(*numerators), lcm(*denominators))})


def _least_powers(terms: Terms) -> dict[Atom, int]:
    """For each atom the least power that it has in a term, 0 where one is without it."""
    powers = [dict(term) for term in terms]
    return {atom: min(each.get(atom, 0) for each in powers) for atom in terms.atoms}


def has_division(number: HasTerms | Terms | Coefficient) -> bool:
    """Whether a size divides in it, outside of floors."""
    return any(
        power < 0 or (atom.kind in ("sum", "positive") and has_division(atom.inner))
        for term in terms_of(number)
        for atom, power in term
    )
