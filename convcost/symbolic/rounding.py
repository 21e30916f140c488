"""⌊x⌋ in one form: gone where x is whole, never of a negative, never one in another."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import floor, lcm
from typing import Any

from convcost.symbolic.common_factors import common_divisor
from convcost.symbolic.formula import MOST_TERMS, Formula, atoms_of, divided, made, part, raised, terms_of
from convcost.symbolic.integrality import is_integer, is_integer_atom, is_integer_term
from convcost.symbolic.terms import UNIT, Monomial, rank


def rounded(number: Any) -> Any:
    """⌊number⌋."""
    return _rounded(number) if isinstance(number, Formula) else floor(number)


@lru_cache(maxsize=5_000)
def _rounded(formula: Formula) -> Any:
    whole, fraction = _parted(formula.terms)
    if is_integer(fraction):
        return formula
    if isinstance(fraction, Formula) and _unnested(fraction) is None and _is_mostly_negative(fraction):
        divisor = common_divisor(fraction)
        dividend = -fraction * divisor
        if is_integer(dividend) and all(atom.is_positive for atom in atoms_of(divisor)):
            return whole - _flat(divided(dividend + divisor - 1, divisor))
    return whole + _flat(fraction)


def _flat(number: Any) -> Any:
    """⌊number⌋ with no rounding in it that can be spared."""
    whole, fraction = _parted(terms_of(number))
    flat = _unnested(fraction) if isinstance(fraction, Formula) else None
    return whole + (_shifted(fraction) if flat is None else rounded(flat))


def _parted(terms: Any) -> tuple[Any, Any]:
    """The sum of the terms that are whole for certain, and that of the rest."""
    whole = {term: factor for term, factor in terms.items() if is_integer_term(term, factor)}
    return made(whole), made({term: factor for term, factor in terms.items() if term not in whole})


def _shifted(fraction: Any) -> Any:
    """⌊fraction⌋ with what is whole of it in front, and its constant no finer than the rest tells apart."""
    whole, rest = _parted(terms_of(fraction))
    terms = dict(terms_of(rest))
    constant = Fraction(terms.pop(UNIT, 0))
    if all(power > 0 and is_integer_atom(atom) for term in terms for atom, power in term):
        grain = lcm(*(factor.denominator for factor in terms.values()))
        constant = Fraction(floor(constant * grain), grain)
    shift = floor(constant)
    rest = made({**terms, UNIT: constant - shift})
    return whole + shift + (part("rounded", rest) if isinstance(rest, Formula) else floor(rest))


def _is_mostly_negative(fraction: Formula) -> bool:
    """Whether more terms are taken away than added, or the leading one of as many."""
    signs = {term: 1 if factor > 0 else -1 for term, factor in fraction.terms.items() if term}
    return (sum(signs.values()) or signs[max(signs, key=_leading)]) < 0


def _leading(monomial: Monomial) -> tuple[Any, ...]:
    """Capitals first: they are mostly the larger sizes."""
    first = min(atom.key[1] for atom, _ in monomial)
    return first[:1].isupper(), *rank(monomial)


def _unnested(fraction: Formula) -> Any:
    """⌊(⌊x⌋ + m) / n⌋ = ⌊(x + m) / n⌋ for whole m and n > 0: what is rounded instead, or None."""
    for monomial in sorted(fraction.terms, key=rank):
        factor = fraction.terms[monomial]
        inner = [atom for atom, power in monomial if atom.kind == "rounded" and power == 1]
        if len(inner) != 1 or len(inner[0].inner.terms) + len(fraction.terms) > MOST_TERMS:
            continue
        share = made({monomial - {(inner[0], 1)}: factor})
        rest = fraction - made({monomial: factor})
        divisor = raised(share, -1)
        if _is_positive_whole(divisor) and is_integer(rest * divisor):
            return rest + inner[0].inner * share
    return None


def _is_positive_whole(number: Any) -> bool:
    [(monomial, factor)] = terms_of(number).items()
    return factor > 0 and is_integer_term(monomial, factor) and all(atom.is_positive for atom, _ in monomial)
