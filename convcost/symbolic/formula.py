"""Formulas in open sizes, the numbers that layers compute with, and their rules for floors and signs.

A floor takes milliseconds in sympy, but microseconds here; reports get sympy expressions in the end. A sum
that would get too long becomes opaque, and is not expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import floor, lcm
from typing import TypeAlias

from convcost.symbolic.predicates import (
    is_integer,
    is_integer_atom,
    is_integer_term,
    is_positive_sum,
    sign_of,
)
from convcost.symbolic.terms import (
    Atom,
    Coefficient,
    HasTerms,
    Monomial,
    Terms,
    common_divisor,
    monomial_key,
    monomial_of,
    simplify_number,
    terms_of,
)

MOST_TERMS = 48
"""A sum of more terms is not expanded."""

HEAVIEST = 2000
"""A product that would repeat more parts is not expanded."""

LONGEST_KEY = 100


class Formula:
    """A sum of terms with at least one size: never a plain number.

    Operators accept formulas and plain numbers, and return a plain number if no size is left.
    """

    __slots__ = ("_key", "parts", "terms", "weight")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._key = ""
        self.parts = self.weight = len(terms)
        for monomial in terms:
            for atom, _ in monomial:
                self.parts += atom.parts
                self.weight += atom.weight

    def __add__(self, other: Value) -> Value:
        if not isinstance(other, Formula):
            return from_terms(self.terms + other) if isinstance(other, int | Fraction) else NotImplemented
        if len(self.terms) + len(other.terms) > MOST_TERMS:
            longer, shorter = sorted((self, other), key=lambda each: len(each.terms), reverse=True)
            return from_terms(as_atom(longer).terms + shorter.terms)
        return from_terms(self.terms + other.terms)

    __radd__ = __add__

    def __neg__(self) -> Formula:
        return Formula(-self.terms)

    def __sub__(self, other: Value) -> Value:
        return self + -other

    def __rsub__(self, other: Value) -> Value:
        return -self + other

    def __mul__(self, other: Value) -> Value:
        if not isinstance(other, Formula):
            return from_terms(self.terms * other) if isinstance(other, int | Fraction) else NotImplemented
        if _is_costly_product(self, other):
            return as_atom(self) * as_atom(other)
        return from_terms(self.terms * other.terms)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Value:
        if len(self.terms) == 1:
            [(monomial, factor)] = self.terms.items()
            power = frozenset((atom, power * exponent) for atom, power in monomial if exponent)
            return from_terms(Terms({power: Fraction(factor) ** exponent}))
        if exponent < 0 or len(self.terms) ** min(exponent, MOST_TERMS) > MOST_TERMS:
            return as_atom(self) ** exponent
        return self * self ** (exponent - 1) if exponent else 1

    def __floordiv__(self, other: Value) -> Value:
        return (
            floor_of(divide(self, other)) if isinstance(other, Formula | int | Fraction) else NotImplemented
        )

    def __rfloordiv__(self, other: Value) -> Value:
        return floor_of(divide(other, self))

    def __mod__(self, other: Value) -> Value:
        is_known = isinstance(other, Formula | int | Fraction)
        return self - other * (self // other) if is_known else NotImplemented

    def __rmod__(self, other: Value) -> Value:
        return other - self * (other // self)

    def __abs__(self) -> Value:
        sign = sign_of(self)
        return sign * self if sign is not None else formula_of(Atom("absolute", self))

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Formula) and self.terms == other.terms)

    def __hash__(self) -> int:
        return hash(self.terms)

    def __str__(self) -> str:
        return str(self.terms)

    __repr__ = __str__

    def map_atoms(self, value: Callable[[Atom], Value]) -> Value:
        """The formula with each atom of its terms replaced by `value(atom)`."""
        result: Value = 0
        for monomial, factor in self.terms.items():
            product: Value = factor
            for atom, power in sorted(monomial, key=_atom_key):
                product = product * power_of(value(atom), power)
            result = result + product
        return simplify_number(result) if isinstance(result, Fraction) else result

    @property
    def atoms(self) -> frozenset[Atom]:
        """The atoms of its terms."""
        return self.terms.atoms

    @property
    def key(self) -> str:
        """A sort key that is the same in each run, and short even for long formulas."""
        if not self._key:
            text = "+".join(
                sorted(f"{factor}{monomial_key(monomial)}" for monomial, factor in self.terms.items())
            )
            self._key = _digest(text) if len(text) > LONGEST_KEY else text
        return self._key


Value: TypeAlias = Formula | int | Fraction


def _digest(text: str) -> str:
    from hashlib import sha1  # imports OpenSSL, which short formulas do not need

    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def _atom_key(factor: tuple[Atom, int]) -> tuple[str, str]:
    return factor[0].key


def _is_costly_product(first: Formula, second: Formula) -> bool:
    """Whether the product would have many terms, or repeat long ones."""
    rows, columns = len(first.terms), len(second.terms)
    repeated = (columns - 1) * first.weight + (rows - 1) * second.weight
    return max(rows, columns) > 1 and (rows * columns > MOST_TERMS or repeated > HEAVIEST)


def from_terms(terms: Terms) -> Value:
    """The formula of `terms`; a plain number if they have no size."""
    return terms.constant if terms.is_constant else Formula(terms)


def atoms_of(number: HasTerms | Coefficient) -> frozenset[Atom]:
    """The atoms of a formula's terms; a plain number has none."""
    return terms_of(number).atoms


def divide(dividend: Value, divisor: Value) -> Value:
    """dividend / divisor, exact."""
    return dividend * power_of(divisor, -1)


def power_of(number: Value, power: int) -> Value:
    """number to the power of `power`, exact."""
    if power > 0 or isinstance(number, Formula):
        return number**power
    return simplify_number(Fraction(1, number) ** -power)


def formula_of(atom: Atom) -> Formula:
    """The formula of a single atom."""
    return Formula(Terms({monomial_of(atom): 1}))


def size_formula(text: str) -> Formula:
    """The size called `text`."""
    return formula_of(Atom("name", text))


def as_atom(number: Formula) -> Formula:
    """A sum as one opaque atom; a single term is unchanged."""
    if len(number.terms) == 1:
        return number
    return formula_of(Atom("positive" if is_positive_sum(number.terms - 1) else "sum", number))


def as_dimension(number: Value) -> Value:
    """A sum as one opaque atom that is known to be at least 1."""
    is_sum = isinstance(number, Formula) and len(number.terms) > 1
    return formula_of(Atom("positive", number)) if is_sum else number


def floor_of(number: Value) -> Value:
    """⌊number⌋ in canonical form: no floor of an integer, of a mostly negative sum, or nested directly."""
    return from_terms(_floor(number.terms)) if isinstance(number, Formula) else floor(number)


@lru_cache(maxsize=5_000)
def _floor(terms: Terms) -> Terms:
    whole, fraction = _split_integers(terms)
    if is_integer(fraction):
        return terms
    if _without_inner_floor(fraction) is None and _is_mostly_negative(fraction):
        divisor = common_divisor(fraction)
        dividend = -fraction * divisor
        if is_integer(dividend) and all(atom.is_positive for atom in divisor.atoms):
            return whole - _floor_of_terms((dividend + divisor - 1) * divisor.inverse())
    return whole + _floor_of_terms(fraction)


def _floor_of_terms(terms: Terms) -> Terms:
    """⌊terms⌋ without redundant inner floors."""
    whole, fraction = _split_integers(terms)
    flat = _without_inner_floor(fraction)
    return whole + (_canonical_floor(fraction) if flat is None else _floor(flat))


def _split_integers(terms: Terms) -> tuple[Terms, Terms]:
    """The sum of the terms that are known to be integers, and the rest."""
    whole = Terms({term: factor for term, factor in terms.items() if is_integer_term(term, factor)})
    return whole, terms - whole


def _canonical_floor(fraction: Terms) -> Terms:
    """⌊fraction⌋ with integer terms moved out, and a constant no finer than the other denominators."""
    whole, rest = _split_integers(fraction)
    varying, constant = rest - rest.constant, rest.constant
    if all(power > 0 and is_integer_atom(atom) for term in varying for atom, power in term):
        grain = lcm(*(factor.denominator for factor in varying.values()))
        constant = Fraction(floor(constant * grain), grain)
    shift = floor(constant)
    if not varying:
        return whole + shift
    inner = Formula(varying + (constant - shift))
    return Terms({monomial_of(Atom("rounded", inner)): 1}) + whole + shift


def _is_mostly_negative(fraction: Terms) -> bool:
    """Whether most terms are negative; if equally many are positive, whether the leading term is negative."""
    signs = {term: 1 if factor > 0 else -1 for term, factor in fraction.items() if term}
    return bool(signs) and (sum(signs.values()) or signs[max(signs, key=_leading_key)]) < 0


def _leading_key(monomial: Monomial) -> tuple[object, ...]:
    """Sorts capitals first, which are mostly larger sizes."""
    first = min(atom.key[1] for atom, _ in monomial)
    return first[:1].isupper(), *monomial_key(monomial)


def _without_inner_floor(fraction: Terms) -> Terms | None:
    """(x + m) / n for (⌊x⌋ + m) / n with integers m and n > 0, which has the same floor; otherwise None."""
    for monomial in sorted(fraction, key=monomial_key):
        inner = [atom for atom, power in monomial if atom.kind == "rounded" and power == 1]
        if len(inner) != 1 or len(inner[0].inner.terms) + len(fraction) > MOST_TERMS:
            continue
        factor = fraction[monomial]
        share = Terms({monomial - {(inner[0], 1)}: factor})
        rest = fraction - Terms({monomial: factor})
        if _is_positive_integer(share.inverse()) and is_integer(rest * share.inverse()):
            return rest + terms_of(inner[0].inner) * share
    return None


def _is_positive_integer(product: Terms) -> bool:
    [(monomial, factor)] = product.items()
    return factor > 0 and is_integer_term(monomial, factor) and all(atom.is_positive for atom, _ in monomial)
