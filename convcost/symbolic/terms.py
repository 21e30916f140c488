"""The parts of formulas: sizes, floors and absolute values, their products, and sums of products."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

Coefficient: TypeAlias = int | Fraction


class Atom(NamedTuple):
    """A factor of a product: a size by its name, |inner|, ⌊inner⌋, or an opaque sum, which is not expanded.

    `inner` is the name, or a Formula. A `positive` sum is opaque and at least 1, like a dimension.
    """

    kind: Literal["name", "absolute", "rounded", "sum", "positive"]
    inner: Any

    @property
    def is_positive(self) -> bool:
        """Whether it is at least 1 for all sizes."""
        return self.kind in ("name", "positive")

    @property
    def parts(self) -> int:
        """The number of terms and atoms; an opaque sum counts as one."""
        return int(self.inner.parts) if self.kind in ("rounded", "absolute") else 1

    @property
    def weight(self) -> int:
        """The number of parts with opaque sums expanded."""
        return 1 if self.kind == "name" else int(self.inner.weight)

    def __str__(self) -> str:
        return self.inner if self.kind == "name" else f"{FUNCTIONS.get(self.kind, '')}({self.inner})"

    @property
    def key(self) -> tuple[str, str]:
        """A sort key that is the same in each run."""
        return self.kind, self.inner if self.kind == "name" else self.inner.key


FUNCTIONS = {"rounded": "floor", "absolute": "Abs"}
"""Function names in sympy."""

Monomial: TypeAlias = frozenset[tuple[Atom, int]]
"""Atoms with their powers."""

UNIT: Monomial = frozenset()


class HasTerms(Protocol):
    """A formula."""

    @property
    def terms(self) -> Terms:
        """The terms of the formula."""


class Terms(dict[Monomial, Coefficient]):
    """A sum: monomials with nonzero coefficients. Immutable."""

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
        total = dict(self)
        for monomial, factor in terms_of(other).items():
            total[monomial] = total.get(monomial, 0) + factor
        return Terms(total)

    def __sub__(self, other: Terms | Coefficient) -> Terms:
        return self + -other

    def __mul__(self, other: Terms | Coefficient) -> Terms:
        if not isinstance(other, Terms):
            return Terms({monomial: factor * other for monomial, factor in self.items()})
        total: dict[Monomial, Coefficient] = {}
        for monomial, factor in self.items():
            for other_monomial, other_factor in other.items():
                product = _product(monomial, other_monomial)
                total[product] = total.get(product, 0) + factor * other_factor
        return Terms(total)

    def inverse(self) -> Terms:
        """1 / self, for a sum of one term."""
        [(monomial, factor)] = self.items()
        return Terms({frozenset((atom, -power) for atom, power in monomial): Fraction(1, factor)})

    def __str__(self) -> str:
        """The sum in sympy's notation: E**2 + 2*E - floor(L/2 + 1/2) + 1."""
        atoms = sorted(self.atoms, key=lambda atom: (atom.kind != "name", str(atom)))

        def powers(term: tuple[Monomial, Coefficient]) -> list[int]:
            return [-dict(term[0]).get(atom, 0) for atom in atoms]

        texts = [_term_text(*term) for term in sorted(self.items(), key=powers)]
        if len(texts) == 2 and texts[0][0] == "-" and self.constant > 0:
            texts.reverse()
        return " + ".join(texts).replace("+ -", "- ") or "0"


def _term_text(monomial: Monomial, factor: Coefficient) -> str:
    numerator, denominator = abs(factor.numerator), factor.denominator
    factors, divisors = [str(numerator)], [str(denominator)]
    for atom, power in sorted(monomial, key=lambda item: str(item[0])):
        (factors if power > 0 else divisors).append(f"{atom}**{abs(power)}" if abs(power) != 1 else str(atom))
    factors = factors[numerator == 1 and len(factors) > 1 :]
    divisors = divisors[denominator == 1 :]
    text = "*".join(factors)
    if divisors:
        text += f"/{divisors[0]}" if len(divisors) == 1 else f"/({'*'.join(divisors)})"
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
        raise TypeError(f"not a formula: {type(number).__name__}")
    return number.terms


def simplify_number(number: Coefficient) -> Coefficient:
    """`number` as an int if it is an integer."""
    return number.numerator if number.denominator == 1 else number


def monomial_of(atom: Atom) -> Monomial:
    """The monomial of a single atom."""
    return frozenset({(atom, 1)})


def monomial_key(monomial: Monomial) -> tuple[int, list[tuple[str, str, int]]]:
    """The sort key of a monomial."""
    return len(monomial), sorted((*atom.key, power) for atom, power in monomial)


def size_name(monomial: Monomial) -> str:
    """The name of the size if the monomial is a single size, otherwise ""."""
    if len(monomial) != 1:
        return ""
    [(atom, power)] = monomial
    return atom.inner if atom.kind == "name" and power == 1 else ""


def common_divisor(number: HasTerms | Terms) -> Terms:
    """The smallest positive product that clears all denominators of a sum."""
    terms = terms_of(number)
    denominators = lcm(*(factor.denominator for factor in terms.values()))
    divisors = ((atom, -power) for atom, power in _least_powers(terms).items() if power < 0)
    return Terms({frozenset(divisors): denominators})


def common_factors(number: HasTerms | Terms | Coefficient) -> Terms:
    """The largest product with a positive coefficient that divides all terms."""
    terms = terms_of(number)
    if not terms:
        return terms_of(1)
    numerators, denominators = zip(*(factor.as_integer_ratio() for factor in terms.values()), strict=True)
    powers = frozenset((atom, power) for atom, power in _least_powers(terms).items() if power)
    return Terms({powers: Fraction(gcd(*numerators), lcm(*denominators))})


def _least_powers(terms: Terms) -> dict[Atom, int]:
    """For each atom, the least power in any term; 0 if a term does not have it."""
    powers = [dict(term) for term in terms]
    return {atom: min(each.get(atom, 0) for each in powers) for atom in terms.atoms}


def has_division(number: HasTerms | Terms | Coefficient) -> bool:
    """Whether the formula divides by a size outside of floors."""
    return any(
        power < 0 or (atom.kind in ("sum", "positive") and has_division(atom.inner))
        for term in terms_of(number)
        for atom, power in term
    )
