"""Signs of formulas over positive integers, proved where a simple proof exists."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from convcost.symbolic.common_factors import common_divisor
from convcost.symbolic.formula import Formula, atoms_of, divided, made, part, terms_of
from convcost.symbolic.integrality import is_integer
from convcost.symbolic.positivity import is_positive_sum
from convcost.symbolic.terms import Atom, Coefficient, rank

MOST_BOUNDED = 4
"""Roundings and absolute values that one proof may replace by their bounds."""


def is_nonnegative(number: Any) -> bool | None:
    """Whether `number` ≥ 0 for all positive integers: True, False (never so), or None (unknown).

    A formula of sympy's will do as well.
    """
    if hasattr(number, "free_symbols"):
        return _is_nonnegative_expression(number)
    return _is_nonnegative(number) if isinstance(number, Formula) else bool(number >= 0)


def _is_nonnegative_expression(expression: Any) -> bool | None:
    from convcost.symbolic.convert import StrangeError, from_sympy

    try:
        return is_nonnegative(from_sympy(expression))
    except StrangeError:
        return None


def sign_of(number: Any) -> int | None:
    """1 if `number` ≥ 0 whatever the sizes, −1 if it is ≤ 0, None where that is open."""
    if is_nonnegative(number):
        return 1
    return -1 if is_nonnegative(-number) else None


@lru_cache(maxsize=5_000)
def _is_nonnegative(formula: Formula) -> bool | None:
    difference = undivided(formula)
    if _is_proved(difference, MOST_BOUNDED) or _is_of_ordered_roundings(difference):
        return True
    return False if _is_proved(undivided(-difference - 1), MOST_BOUNDED) else None


def undivided(difference: Any) -> Any:
    """An x that is ≥ 0 where `difference` is: whole, and without a rounding if there is one alone.

    ⌊x⌋ + m ≥ 0 says as much as x + m ≥ 0 for a whole m, and m − ⌊a/n⌋ ≥ 0 as much as n·(m + 1) − 1 − a ≥ 0.
    """
    difference = cleared(difference)
    roundings = [atom for atom in atoms_of(difference) if atom.kind == "rounded"]
    if len(roundings) != 1:
        return difference
    alone = frozenset({(roundings[0], 1)})
    factor, inner = terms_of(difference).get(alone, 0), roundings[0].inner
    rest = difference - made({alone: factor})
    if factor == 1 and roundings[0] not in atoms_of(rest):
        return undivided(inner + rest)
    divisor = common_divisor(inner)
    if factor != -1 or roundings[0] in atoms_of(rest) or not is_integer(inner * divisor):
        return difference
    return undivided(divisor * (rest + 1) - 1 - inner * divisor)


def cleared(formula: Any) -> Any:
    """`formula` times what it is divided by, where that is positive."""
    if not isinstance(formula, Formula):
        return formula
    divisor = common_divisor(formula)
    return formula * divisor if all(atom.is_positive for atom in atoms_of(divisor)) else formula


def _is_of_ordered_roundings(difference: Any) -> bool:
    """Whether it is ⌊x⌋ + m − ⌊y⌋ for a whole m with x + m ≥ y, or two roundings that can be written so."""
    found = (atom for atom in atoms_of(difference) if atom.kind == "rounded")
    roundings = sorted(found, key=lambda atom: atom.key)
    factors = [terms_of(difference).get(frozenset({(atom, 1)}), 0) for atom in roundings]
    if len(roundings) != 2 or not {*factors} <= {-1, 1}:
        return False
    rest = difference - sum(factor * part(*atom) for atom, factor in zip(roundings, factors, strict=True))
    if any(atom.kind == "rounded" for atom in atoms_of(rest)) or not is_integer(rest):
        return False
    signed = list(zip((atom.inner for atom in roundings), factors, strict=True))
    return any(
        _is_proved(cleared(_as(1, *added) + rest - _as(-1, *taken)), MOST_BOUNDED)
        for added, taken in (signed, signed[::-1])
    )


def _as(sign: int, inner: Any, factor: Coefficient) -> Any:
    """The x of which sign · ⌊x⌋ is factor · ⌊inner⌋: −⌊a/n⌋ = ⌊(n − 1 − a)/n⌋."""
    divisor = common_divisor(inner)
    return inner if factor == sign else divided(divisor - 1 - inner * divisor, divisor)


def _is_proved(number: Any, bounded: int) -> bool:
    """Whether the least that `number` can be, in sizes counted from 1, has no negative coefficient."""
    vague = [atom for atom in atoms_of(number) if atom.kind in ("rounded", "absolute")]
    if not vague:
        return is_positive_sum(number)
    if not bounded:
        return False
    atom = min(vague, key=lambda atom: rank(frozenset({(atom, 1)})))
    factor, rest = _split(number, atom)
    if factor is None or (sign := _plain_sign(factor)) is None:
        return False
    choices = (_is_proved(cleared(rest + factor * bound), bounded - 1) for bound in _bounds(atom, sign))
    return all(choices) if atom.kind == "absolute" and sign < 0 else any(choices)


def _split(number: Formula, atom: Atom) -> tuple[Any, Any]:
    """factor and rest of number = factor · atom + rest; no factor if the atom has a power."""
    having = {term: factor for term, factor in number.terms.items() if any(atom == it for it, _ in term)}
    if any((atom, 1) not in term for term in having):
        return None, number
    factor = made({term - {(atom, 1)}: factor for term, factor in having.items()})
    return factor, made({term: factor for term, factor in number.terms.items() if term not in having})


def _plain_sign(factor: Any) -> int | None:
    """The sign of a sum whose terms have one sign."""
    if not all(atom.is_positive for atom in atoms_of(factor)):
        return None
    signs = {coefficient > 0 for coefficient in terms_of(factor).values()}
    return None if len(signs) != 1 else 1 if signs.pop() else -1


def _bounds(atom: Atom, sign: int) -> tuple[Any, ...]:
    """⌊x⌋ ≤ x and ⌊a/n⌋ ≥ (a − n + 1)/n; |x| is x or −x, and no less than either."""
    inner = atom.inner
    if atom.kind == "absolute":
        return inner, -inner
    if sign < 0:
        return (inner,)
    divisor = common_divisor(inner)
    is_fraction = is_integer(inner * divisor)
    return (divided(inner * divisor - divisor + 1, divisor) if is_fraction else inner - 1,)
