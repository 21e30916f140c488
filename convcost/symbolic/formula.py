"""A formula in open sizes, the number that layers compute with, and its rules for floors and signs.

sympy takes milliseconds for a floor, since it asks a lot about it; here it takes microseconds, and a report
gets sympy's form in the end. A sum that would get too long is an atom, which nothing multiplies out.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from hashlib import sha1
from math import floor, lcm
from typing import Any, TypeAlias

from convcost.symbolic.integrality import is_integer, is_integer_atom, is_integer_term
from convcost.symbolic.signs import is_positive_sum, sign_of
from convcost.symbolic.terms import (
    Atom,
    Coefficient,
    HasTerms,
    Monomial,
    Terms,
    alone,
    common_divisor,
    plain,
    rank,
    terms_of,
)

MOST_TERMS = 48
"""A sum of more terms isn't multiplied out."""

HEAVIEST = 2000
"""Nor is what would repeat more parts than this, since what is kept together may occur in each term."""

LONGEST_KEY = 100


class Formula:
    """Terms, at least one of them with a size in it: never a plain number.

    Operators take formulas and plain numbers, and yield a plain number where no size is left.
    """

    __slots__ = ("_key", "parts", "terms", "weight")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.parts = sum(1 + sum(atom.parts for atom, _ in monomial) for monomial in terms)
        self.weight = sum(1 + sum(atom.weight for atom, _ in monomial) for monomial in terms)
        self._key = ""

    def __add__(self, other: Value) -> Value:
        if isinstance(other, int | Fraction):
            return made(self.terms + other)
        if not isinstance(other, Formula):
            return NotImplemented
        if len(self.terms) + len(other.terms) > MOST_TERMS:
            longer, shorter = sorted((self, other), key=lambda each: len(each.terms), reverse=True)
            return made(kept_together(longer).terms + shorter.terms)
        return made(self.terms + other.terms)

    __radd__ = __add__

    def __neg__(self) -> Formula:
        return Formula(-self.terms)

    def __sub__(self, other: Value) -> Value:
        return self + -other

    def __rsub__(self, other: Value) -> Value:
        return -self + other

    def __mul__(self, other: Value) -> Value:
        if isinstance(other, int | Fraction):
            return made(self.terms * other)
        if not isinstance(other, Formula):
            return NotImplemented
        if _is_too_much(self, other):
            return kept_together(self) * kept_together(other)
        return made(self.terms * other.terms)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Value:
        if len(self.terms) == 1:
            [(monomial, factor)] = self.terms.items()
            power = frozenset((atom, power * exponent) for atom, power in monomial if exponent)
            return made(Terms({power: Fraction(factor) ** exponent}))
        if exponent < 0 or len(self.terms) ** min(exponent, MOST_TERMS) > MOST_TERMS:
            return kept_together(self) ** exponent
        return self * self ** (exponent - 1) if exponent else 1

    def __floordiv__(self, other: Value) -> Value:
        return (
            rounded(divided(self, other)) if isinstance(other, Formula | int | Fraction) else NotImplemented
        )

    def __rfloordiv__(self, other: Value) -> Value:
        return rounded(divided(other, self))

    def __mod__(self, other: Value) -> Value:
        is_known = isinstance(other, Formula | int | Fraction)
        return self - other * (self // other) if is_known else NotImplemented

    def __rmod__(self, other: Value) -> Value:
        return other - self * (other // self)

    def __abs__(self) -> Value:
        sign = sign_of(self)
        return sign * self if sign is not None else part("absolute", self)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Formula) and self.terms == other.terms)

    def __hash__(self) -> int:
        return hash(self.terms)

    def __str__(self) -> str:
        return str(self.terms)

    __repr__ = __str__

    def put_in(self, value: Callable[[Atom], Value]) -> Value:
        """The formula with `value(atom)` for every atom of its terms."""
        result: Value = 0
        for monomial, factor in self.terms.items():
            product: Value = factor
            for atom, power in monomial:
                product = product * raised(value(atom), power)
            result = result + product
        return result

    @property
    def atoms(self) -> frozenset[Atom]:
        """The atoms of its terms."""
        return self.terms.atoms

    @property
    def key(self) -> str:
        """The sort key: the same in each run; short for long formulas too."""
        if not self._key:
            text = "+".join(sorted(f"{factor}{rank(monomial)}" for monomial, factor in self.terms.items()))
            is_long = len(text) > LONGEST_KEY
            self._key = sha1(text.encode(), usedforsecurity=False).hexdigest() if is_long else text
        return self._key


Value: TypeAlias = Formula | int | Fraction


def _is_too_much(first: Formula, second: Formula) -> bool:
    """Whether to multiply them out would take long, or repeat much."""
    mine, theirs = len(first.terms), len(second.terms)
    repeated = (theirs - 1) * first.weight + (mine - 1) * second.weight
    return max(mine, theirs) > 1 and (mine * theirs > MOST_TERMS or repeated > HEAVIEST)


def made(terms: Terms) -> Value:
    """What `terms` come to: a plain number where no size is left in them."""
    return terms.constant if terms.is_constant else Formula(terms)


def atoms_of(number: HasTerms | Coefficient) -> frozenset[Atom]:
    """The atoms of a formula's terms; a plain number has none."""
    return terms_of(number).atoms


def divided(dividend: Value, divisor: Value) -> Value:
    """dividend / divisor, exactly."""
    return dividend * raised(divisor, -1)


def raised(number: Value, power: int) -> Value:
    """number to the power of `power`, exactly."""
    if power > 0 or isinstance(number, Formula):
        return number**power
    return plain(Fraction(1, number) ** -power)


def part(kind: Any, inner: Any) -> Formula:
    """The formula of one atom."""
    return Formula(Terms({alone(Atom(kind, inner)): 1}))


def name(text: str) -> Formula:
    """The size called `text`."""
    return part("name", text)


def kept_together(number: Formula) -> Formula:
    """A sum as one atom, which nothing multiplies out; a single term stays as it is."""
    if len(number.terms) == 1:
        return number
    return part("positive" if is_positive_sum(number.terms - 1) else "sum", number)


def dimension(number: Value) -> Value:
    """A sum as one atom that is known to be 1 or more."""
    return part("positive", number) if isinstance(number, Formula) and len(number.terms) > 1 else number


def rounded(number: Value) -> Value:
    """⌊number⌋ in one form: none of an integer, of what is mostly negative, or in another floor."""
    return _rounded(number) if isinstance(number, Formula) else floor(number)


@lru_cache(maxsize=5_000)
def _rounded(formula: Formula) -> Value:
    whole, fraction = _parted(formula)
    if is_integer(fraction):
        return formula
    if isinstance(fraction, Formula) and _unnested(fraction) is None and _is_mostly_negative(fraction):
        divisor = common_divisor(fraction)
        dividend = made(-fraction.terms * divisor)
        if is_integer(dividend) and all(atom.is_positive for atom in divisor.atoms):
            return whole - _flat(divided(dividend + made(divisor) - 1, made(divisor)))
    return whole + _flat(fraction)


def _flat(number: Value) -> Value:
    """⌊number⌋ with no floor in it that can be spared."""
    whole, fraction = _parted(number)
    flat = _unnested(fraction) if isinstance(fraction, Formula) else None
    return whole + (_shifted(fraction) if flat is None else rounded(flat))


def _parted(number: Value) -> tuple[Value, Value]:
    """The sum of the terms that are integers for certain, and that of the rest."""
    terms = terms_of(number)
    whole = {term: factor for term, factor in terms.items() if is_integer_term(term, factor)}
    rest = {term: factor for term, factor in terms.items() if term not in whole}
    return made(Terms(whole)), made(Terms(rest))


def _shifted(fraction: Value) -> Value:
    """⌊fraction⌋ with its integer terms in front, and its constant no finer than the rest tells apart."""
    whole, rest = _parted(fraction)
    terms = terms_of(rest)
    varying, constant = terms - terms.constant, terms.constant
    if all(power > 0 and is_integer_atom(atom) for term in varying for atom, power in term):
        grain = lcm(*(factor.denominator for factor in varying.values()))
        constant = Fraction(floor(constant * grain), grain)
    shift = floor(constant)
    rest = made(varying + (constant - shift))
    return whole + shift + (part("rounded", rest) if isinstance(rest, Formula) else floor(rest))


def _is_mostly_negative(fraction: Formula) -> bool:
    """Whether more terms are subtracted than added, or the leading one of as many."""
    signs = {term: 1 if factor > 0 else -1 for term, factor in fraction.terms.items() if term}
    return (sum(signs.values()) or signs[max(signs, key=_leading)]) < 0


def _leading(monomial: Monomial) -> tuple[object, ...]:
    """Capitals first: they are mostly the larger sizes."""
    first = min(atom.key[1] for atom, _ in monomial)
    return first[:1].isupper(), *rank(monomial)


def _unnested(fraction: Formula) -> Value | None:
    """⌊(⌊x⌋ + m) / n⌋ = ⌊(x + m) / n⌋ for integers m and n > 0: what is rounded instead, or None."""
    for monomial in sorted(fraction.terms, key=rank):
        factor = fraction.terms[monomial]
        inner = [atom for atom, power in monomial if atom.kind == "rounded" and power == 1]
        if len(inner) != 1 or len(inner[0].inner.terms) + len(fraction.terms) > MOST_TERMS:
            continue
        share = Terms({monomial - {(inner[0], 1)}: factor})
        rest = fraction - made(Terms({monomial: factor}))
        divisor = share.inverse()
        if _is_positive_integer(divisor) and is_integer(rest * made(divisor)):
            return made(terms_of(inner[0].inner) * share) + rest
    return None


def _is_positive_integer(product: Terms) -> bool:
    [(monomial, factor)] = product.items()
    return factor > 0 and is_integer_term(monomial, factor) and all(atom.is_positive for atom, _ in monomial)
