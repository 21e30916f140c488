"""Proofs about formulas for all positive sizes: that they are integers, and their sign."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import comb, prod
from typing import TypeAlias

from convcost.symbolic.terms import (
    Atom,
    Coefficient,
    HasTerms,
    Monomial,
    Terms,
    common_divisor,
    monomial_key,
    monomial_of,
    terms_of,
)

Number: TypeAlias = HasTerms | Terms | Coefficient

MOST_CASES = 12
"""In a longer sum, the cases of an absolute value are not examined."""

MOST_GRID_POINTS = 400
"""The most points at which a polynomial is evaluated."""

MOST_BOUNDED = 4
"""The most floors and absolute values that a proof replaces by bounds."""

MOST_SHIFTED = 500
"""A polynomial is not shifted to sizes from 0 if it would have more terms."""


def is_integer(number: Number) -> bool:
    """Whether a polynomial with rational coefficients is an integer for all integer sizes.

    That holds if it is an integer on a grid of degree + 1 points for each size.
    """
    return _is_integer(terms_of(number))


@lru_cache(maxsize=5_000)
def _is_integer(terms: Terms) -> bool:
    if all(is_integer_term(*term) for term in terms.items()):
        return True
    if any(power < 0 for term in terms for _, power in term):
        return False
    absolutes = [atom for atom in terms.atoms if atom.kind == "absolute"]
    if absolutes:
        first = min(absolutes, key=lambda atom: atom.key)
        cases = (_with_sign(terms, first, sign) for sign in (1, -1))
        return len(terms) <= MOST_CASES and all(map(_is_integer, cases))
    return all(map(is_integer_atom, terms.atoms)) and _is_integer_on_grid(terms)


def is_integer_term(monomial: Monomial, factor: Coefficient) -> bool:
    """Whether all factors of a term are integers."""
    return factor.denominator == 1 and all(power > 0 and is_integer_atom(atom) for atom, power in monomial)


def is_integer_atom(atom: Atom) -> bool:
    """Whether an atom is an integer."""
    return atom.kind in ("name", "rounded") or is_integer(atom.inner)


def _with_sign(terms: Terms, bar: Atom, sign: int) -> Terms:
    """`terms` with x or −x for an absolute value |x|."""
    inner = terms_of(bar.inner) * sign
    result = Terms({})
    for monomial, factor in terms.items():
        others = Terms({frozenset((atom, power) for atom, power in monomial if atom != bar): factor})
        result += prod([inner] * dict(monomial).get(bar, 0), start=others)
    return result


def _is_integer_on_grid(polynomial: Terms) -> bool:
    atoms = list(polynomial.atoms)
    degrees = [max(dict(term).get(atom, 0) for term in polynomial) for atom in atoms]
    if prod(degree + 1 for degree in degrees) > MOST_GRID_POINTS:
        return False
    grid = product(*(range(degree + 1) for degree in degrees))
    return all(_value(polynomial, dict(zip(atoms, point, strict=True))).denominator == 1 for point in grid)


def _value(polynomial: Terms, values: dict[Atom, int]) -> Coefficient:
    total: Coefficient = 0
    for term, factor in polynomial.items():
        total += factor * prod(values[atom] ** power for atom, power in term)
    return total


def is_nonnegative(number: Number) -> bool | None:
    """Whether `number` ≥ 0 for positive sizes: True (for all), False (for none), or None (unknown)."""
    terms = terms_of(number)
    return terms.constant >= 0 if terms.is_constant else _is_nonnegative(terms)


@lru_cache(maxsize=5_000)
def _is_nonnegative(terms: Terms) -> bool | None:
    difference = without_floor(terms)
    if _is_proved(difference, MOST_BOUNDED) or _is_of_ordered_floors(difference):
        return True
    return False if _is_proved(without_floor(-difference - 1), MOST_BOUNDED) else None


def sign_of(number: Number) -> int | None:
    """1 if `number` ≥ 0 for all sizes, −1 if it is ≤ 0, None if neither can be proved."""
    terms = terms_of(number)
    if is_nonnegative(terms):
        return 1
    return -1 if is_nonnegative(-terms) else None


def is_positive_sum(number: Number) -> bool:
    """Whether a polynomial is ≥ 0 by a simple comparison of its terms."""
    terms = terms_of(number)
    if terms.is_constant:
        return terms.constant >= 0
    if not all(atom.is_positive for atom in terms.atoms):
        return False
    if all(factor > 0 for factor in terms.values()):
        return True
    if any(power < 0 for term in terms for _, power in term):
        return False
    return _is_outweighed(terms) or _is_positive_from_zero(terms)


def _is_outweighed(polynomial: Terms) -> bool:
    """Whether each negative term is outweighed by positive multiples of it, as −L by K·L."""
    order = sorted(polynomial, key=monomial_key)
    remaining = {term: polynomial[term] for term in order if polynomial[term] > 0}
    for term in reversed(order):
        missing = -polynomial[term]
        for other in remaining if missing > 0 else ():
            if _divides(term, other):
                used = min(missing, remaining[other])
                remaining[other], missing = remaining[other] - used, missing - used
        if missing > 0:
            return False
    return True


def _divides(term: Monomial, other: Monomial) -> bool:
    powers = dict(other)
    return all(power <= powers.get(atom, 0) for atom, power in term)


def _is_positive_from_zero(polynomial: Terms) -> bool:
    """Whether all coefficients are nonnegative with n + 1 substituted for each size, n ≥ 0."""
    if sum(prod(power + 1 for _, power in term) for term in polynomial) > MOST_SHIFTED:
        return False
    total: dict[Monomial, Coefficient] = {}
    for term, factor in polynomial.items():
        atoms, powers = tuple(term), tuple(power for _, power in term)
        for lower in product(*(range(power + 1) for power in powers)):
            monomial = frozenset(
                (atom, power) for (atom, _), power in zip(atoms, lower, strict=True) if power
            )
            total[monomial] = total.get(monomial, 0) + factor * prod(map(comb, powers, lower))
    return all(factor >= 0 for factor in total.values())


def without_floor(number: Number) -> Terms:
    """A formula that is ≥ 0 exactly where `number` is, without its floor if it has only one.

    For an integer m, ⌊x⌋ + m ≥ 0 iff x + m ≥ 0, and m − ⌊a/n⌋ ≥ 0 iff n·(m + 1) − 1 − a ≥ 0.
    """
    difference = without_divisor(number)
    floors = [atom for atom in difference.atoms if atom.kind == "rounded"]
    if len(floors) != 1:
        return difference
    factor, inner = difference.get(monomial_of(floors[0]), 0), terms_of(floors[0].inner)
    rest = difference - Terms({monomial_of(floors[0]): factor})
    if factor == 1 and floors[0] not in rest.atoms:
        return without_floor(inner + rest)
    divisor = common_divisor(inner)
    if factor != -1 or floors[0] in rest.atoms or not is_integer(inner * divisor):
        return difference
    return without_floor(divisor * (rest + 1) - 1 - inner * divisor)


def without_divisor(number: Number) -> Terms:
    """`number` times its denominator, if that is positive."""
    terms = terms_of(number)
    divisor = common_divisor(terms)
    return terms * divisor if all(atom.is_positive for atom in divisor.atoms) else terms


def _is_of_ordered_floors(difference: Terms) -> bool:
    """Whether it is ⌊x⌋ + m − ⌊y⌋ for an integer m with x + m ≥ y, or equal to such an expression."""
    floors = sorted((atom for atom in difference.atoms if atom.kind == "rounded"), key=lambda atom: atom.key)
    factors = [difference.get(monomial_of(atom), 0) for atom in floors]
    if len(floors) != 2 or not {*factors} <= {-1, 1}:
        return False
    rest = difference - Terms(dict(zip(map(monomial_of, floors), factors, strict=True)))
    if any(atom.kind == "rounded" for atom in rest.atoms) or not is_integer(rest):
        return False
    signed = list(zip((terms_of(atom.inner) for atom in floors), factors, strict=True))
    return any(
        _is_proved(
            without_divisor(_inside_floor(1, *first) + rest - _inside_floor(-1, *second)), MOST_BOUNDED
        )
        for first, second in (signed, signed[::-1])
    )


def _inside_floor(sign: int, inner: Terms, factor: Coefficient) -> Terms:
    """The x with sign · ⌊x⌋ = factor · ⌊inner⌋: −⌊a/n⌋ = ⌊(n − 1 − a)/n⌋."""
    divisor = common_divisor(inner)
    return inner if factor == sign else (divisor - 1 - inner * divisor) * divisor.inverse()


def _is_proved(number: Terms, bounded: int) -> bool:
    """Whether `number` ≥ 0 can be proved by replacing at most `bounded` floors by their bounds."""
    unresolved = [atom for atom in number.atoms if atom.kind in ("rounded", "absolute")]
    if not unresolved:
        return is_positive_sum(number)
    if not bounded:
        return False
    atom = min(unresolved, key=lambda atom: monomial_key(monomial_of(atom)))
    factor, rest = _split(number, atom)
    if factor is None or (sign := _common_sign(factor)) is None:
        return False
    bounds = _bounds(atom, sign)
    proofs = (_is_proved(without_divisor(rest + factor * bound), bounded - 1) for bound in bounds)
    return all(proofs) if atom.kind == "absolute" and sign < 0 else any(proofs)


def _split(number: Terms, atom: Atom) -> tuple[Terms | None, Terms]:
    """factor and rest of number = factor · atom + rest; no factor if the atom has another power."""
    terms_with_atom = {term: factor for term, factor in number.items() if any(atom == it for it, _ in term)}
    if any((atom, 1) not in term for term in terms_with_atom):
        return None, number
    factor = Terms({term - {(atom, 1)}: factor for term, factor in terms_with_atom.items()})
    return factor, Terms({term: factor for term, factor in number.items() if term not in terms_with_atom})


def _common_sign(factor: Terms) -> int | None:
    """The common sign of the terms of a sum; None if they differ, or are not known."""
    if not all(atom.is_positive for atom in factor.atoms):
        return None
    signs = {coefficient > 0 for coefficient in factor.values()}
    return None if len(signs) != 1 else 1 if signs.pop() else -1


def _bounds(atom: Atom, sign: int) -> tuple[Terms, ...]:
    """Bounds of an atom: ⌊x⌋ ≤ x, ⌊a/n⌋ ≥ (a − n + 1)/n, and |x| ≥ ±x, equal to one of them."""
    inner = terms_of(atom.inner)
    if atom.kind == "absolute":
        return inner, -inner
    if sign < 0:
        return (inner,)
    divisor = common_divisor(inner)
    dividend = inner * divisor
    return ((dividend - divisor + 1) * divisor.inverse() if is_integer(dividend) else inner - 1,)
