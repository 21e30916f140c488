"""The least that sizes and roundings can be under assumptions, and what that says of a formula's sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sympy import ceiling, floor

from convcost.core.report import Assumption
from convcost.symbolic.constraints import multiples
from convcost.symbolic.convert import StrangeError, from_sympy
from convcost.symbolic.crossings import sign_of
from convcost.symbolic.formula import Formula, divided, made
from convcost.symbolic.positivity import is_positive_sum
from convcost.symbolic.signs import is_nonnegative
from convcost.symbolic.symbol import symbol

Least = Mapping[Any, int]
"""The least whole number that a size or a rounding can be, where it is not 1 or not known."""


def least_values(formula: Any, assumed: tuple[Assumption, ...]) -> Least:
    """What the assumptions say of the sizes, one by one, and of the roundings in `formula`."""
    bounds = [found.formula for found in assumed if found.relation == "nonnegative"]
    return _of_sizes(assumed, bounds) | _of_roundings(formula, bounds)


def _of_sizes(assumed: tuple[Assumption, ...], bounds: Iterable[Any]) -> dict[Any, int]:
    least = multiples(assumed)
    for bound in bounds:
        constant, rest = bound.as_coeff_Add()
        slope, size = rest.as_coeff_Mul()
        if size.is_Symbol and slope > 0:
            least[size] = max(least.get(size, 1), int(ceiling(-constant / slope)))
    return least


def _of_roundings(formula: Any, bounds: Iterable[Any]) -> dict[Any, int]:
    """⌊x⌋ ≥ 0 where x is a positive share of what is assumed to be ≥ 0."""
    known = list(map(from_sympy, bounds))
    return {
        rounded: 0
        for rounded in formula.atoms(floor)
        if any(_is_share(from_sympy(rounded.args[0]), bound) for bound in known)
    }


def _is_share(number: Any, whole: Any) -> bool:
    """Whether a formula is another one times a positive product."""
    if not isinstance(number, Formula) or not isinstance(whole, Formula):
        return False
    if len(number.terms) != len(whole.terms):
        return False
    first = made(dict([next(iter(number.terms.items()))]))
    shares = (divided(first, made({term: factor})) for term, factor in whole.terms.items())
    return any(is_positive_sum(share) and share * whole == number for share in shares)


def sign_from(formula: Any, least: Least) -> int | None:
    """The one sign that `formula` has for all values from the least on; None if that is not known."""
    if not formula.free_symbols:
        return sign_of(formula)
    if is_never_negative(formula - 1, least):
        return 1
    return -1 if is_never_negative(-formula - 1, least) else None


def is_never_negative(formula: Any, least: Least) -> bool:
    """Whether `formula` ≥ 0 is proved for all values from the least on."""
    try:
        return bool(is_nonnegative(from_sympy(_from_one(formula, least))))
    except StrangeError:
        return False


def _from_one(formula: Any, least: Least) -> Any:
    """`formula` with sizes, and stand-ins for roundings, that count from 1."""
    roundings = {
        rounded: symbol(f"_{place}") + number - 1
        for place, (rounded, number) in enumerate(least.items())
        if not rounded.is_Symbol
    }
    sizes = {size: size + number - 1 for size, number in least.items() if size.is_Symbol and number > 1}
    return formula.xreplace(roundings).xreplace(sizes)
