"""A formula in open sizes as the sum of products that it is: a number that layers compute with.

sympy takes milliseconds for a rounding, since it asks a lot about it; here it takes microseconds, and a
report gets sympy's form in the end. What would grow too long is kept together as one part of the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from hashlib import sha1
from typing import Any

from convcost.symbolic.number import Number
from convcost.symbolic.terms import UNIT, Atom, Terms, multiplied, plain, rank, total

MOST_TERMS = 48
"""A sum of more terms isn't multiplied out."""

HEAVIEST = 2000
"""Nor is what would repeat more parts than this, since what is kept together may occur in each term."""

LONGEST_KEY = 100


class Formula(Number):
    """Terms, at least one of them with a size in it: never a plain number."""

    __slots__ = ("_hash", "_key", "parts", "terms", "weight")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.parts = sum(1 + sum(atom.parts for atom, _ in monomial) for monomial in terms)
        self.weight = sum(1 + sum(atom.weight for atom, _ in monomial) for monomial in terms)
        self._hash = hash(frozenset(terms.items()))
        self._key = ""

    def plus(self, other: Any) -> Any:
        theirs = terms_of(other)
        if isinstance(other, Formula) and len(self.terms) + len(theirs) > MOST_TERMS:
            longer, shorter = sorted((self.terms, theirs), key=len, reverse=True)
            return made(total(kept_together(made(longer)).terms, shorter))
        return made(total(self.terms, theirs))

    def times(self, other: Any) -> Any:
        if isinstance(other, Formula) and _is_too_much(self, other):
            return kept_together(self) * kept_together(other)
        return made(multiplied(self.terms, terms_of(other)))

    def quotient(self, dividend: Any, divisor: Any) -> Any:
        from convcost.symbolic.rounding import rounded

        return rounded(divided(dividend, divisor))

    def remainder(self, dividend: Any, divisor: Any) -> Any:
        return dividend - divisor * (dividend // divisor)

    def __neg__(self) -> Any:
        return Formula({monomial: -factor for monomial, factor in self.terms.items()})

    def __pow__(self, exponent: int) -> Any:
        if len(self.terms) == 1:
            [(monomial, factor)] = self.terms.items()
            power = frozenset((atom, power * exponent) for atom, power in monomial if exponent)
            return made({power: Fraction(factor) ** exponent})
        if exponent < 0 or len(self.terms) ** min(exponent, MOST_TERMS) > MOST_TERMS:
            return kept_together(self) ** exponent
        return self * self ** (exponent - 1) if exponent else 1

    def __abs__(self) -> Any:
        from convcost.symbolic.signs import sign_of

        sign = sign_of(self)
        return sign * self if sign is not None else part("absolute", self)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Formula) and self.terms == other.terms)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        from convcost.symbolic.convert import to_sympy

        return str(to_sympy(self))

    __repr__ = __str__

    def put_in(self, value: Callable[[Atom], Any]) -> Any:
        """The formula with `value(atom)` for every atom of its terms."""
        result: Any = 0
        for monomial, factor in self.terms.items():
            product: Any = factor
            for atom, power in monomial:
                product = product * raised(value(atom), power)
            result = result + product
        return result

    @property
    def atoms(self) -> frozenset[Atom]:
        """The atoms of its terms."""
        return frozenset(atom for monomial in self.terms for atom, _ in monomial)

    @property
    def key(self) -> str:
        """By which formulas are put in an order that is the same in each run; short for long ones too."""
        if not self._key:
            text = "+".join(sorted(f"{factor}{rank(monomial)}" for monomial, factor in self.terms.items()))
            is_long = len(text) > LONGEST_KEY
            self._key = sha1(text.encode(), usedforsecurity=False).hexdigest() if is_long else text
        return self._key


def _is_too_much(first: Formula, second: Formula) -> bool:
    """Whether to multiply them out would take long, or repeat much."""
    mine, theirs = len(first.terms), len(second.terms)
    repeated = (theirs - 1) * first.weight + (mine - 1) * second.weight
    return max(mine, theirs) > 1 and (mine * theirs > MOST_TERMS or repeated > HEAVIEST)


def made(terms: Terms) -> Any:
    """What `terms` come to: a plain number where no size is left in them."""
    left = {monomial: plain(factor) for monomial, factor in terms.items() if factor}
    if not left:
        return 0
    return left[UNIT] if len(left) == 1 and UNIT in left else Formula(left)


def terms_of(number: Any) -> Terms:
    """The terms of a formula, or of a plain number."""
    if isinstance(number, Formula):
        return number.terms
    if isinstance(number, int | Fraction):
        return {UNIT: number} if number else {}
    raise TypeError(f"no formula: {type(number).__name__}")


def atoms_of(number: Any) -> frozenset[Atom]:
    """The atoms of a formula's terms; a plain number has none."""
    return number.atoms if isinstance(number, Formula) else frozenset()


def divided(dividend: Any, divisor: Any) -> Any:
    """dividend / divisor, exactly."""
    return dividend * raised(divisor, -1)


def raised(number: Any, power: int) -> Any:
    """number to the power of `power`, exactly."""
    return number**power if power > 0 or isinstance(number, Formula) else plain(Fraction(1, number) ** -power)


def part(kind: Any, inner: Any) -> Formula:
    """The formula of one atom."""
    return Formula({frozenset({(Atom(kind, inner), 1)}): 1})


def name(text: str) -> Formula:
    """The size called `text`."""
    return part("name", text)


def kept_together(number: Any) -> Any:
    """A sum as one atom, which nothing multiplies out; a single term or a plain number stays as it is."""
    from convcost.symbolic.positivity import is_positive_sum

    if not isinstance(number, Formula) or len(number.terms) == 1:
        return number
    return part("positive" if is_positive_sum(number - 1) else "sum", number)


def dimension(number: Any) -> Any:
    """A sum as one atom that is known to be 1 or more."""
    return part("positive", number) if isinstance(number, Formula) and len(number.terms) > 1 else number
