"""What the terms of a formula have in common."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import Any

from convcost.symbolic.formula import Formula, made, part, terms_of
from convcost.symbolic.terms import Atom


def common_divisor(formula: Formula) -> Any:
    """The least positive product to multiply `formula` with so that nothing in it divides."""
    divisor: Any = lcm(*(factor.denominator for factor in formula.terms.values()))
    for atom, power in _least_powers(formula).items():
        if power < 0:
            divisor = divisor * part(*atom) ** -power
    return divisor


def common_factors(number: Any) -> Any:
    """The largest product, with a positive number in front, that every term is a multiple of."""
    factors = [Fraction(factor) for factor in terms_of(number).values()]
    if not factors:
        return 1
    content = Fraction(
        gcd(*(each.numerator for each in factors)), lcm(*(each.denominator for each in factors))
    )
    powers = _least_powers(number) if isinstance(number, Formula) else {}
    return made({frozenset((atom, power) for atom, power in powers.items() if power): content})


def _least_powers(formula: Formula) -> dict[Atom, int]:
    """For each atom the least power that it has in a term, 0 where one is without it."""
    terms = [dict(term) for term in formula.terms]
    return {atom: min(term.get(atom, 0) for term in terms) for atom in formula.atoms}


def has_division(number: Any) -> bool:
    """Whether a size divides in it, roundings apart."""
    return isinstance(number, Formula) and any(
        power < 0 or (atom.kind in ("sum", "positive") and has_division(atom.inner))
        for term in number.terms
        for atom, power in term
    )
