"""sympy's formulas in one form: roundings and absolute values resolved where they can be, multiplied out.

What would take long stays as it is, which is as exact: only its reading suffers.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from sympy import Integer, Rational

from convcost.symbols.convert import StrangeError, from_sympy, to_sympy

MOST_OPERATIONS = 400
"""A formula with more operations is left as it is."""


class Tidied(NamedTuple):
    """A formula in its one form."""

    formula: Any


@cache
def tidy(formula: Any) -> Tidied:
    """`formula` in its one form, as sympy's."""
    if not getattr(formula, "free_symbols", None) or is_long(formula):
        return Tidied(formula)
    try:
        return Tidied(to_sympy(from_sympy(formula)))
    except StrangeError:
        return Tidied(formula)


def is_long(formula: Any, most: int = MOST_OPERATIONS) -> bool:
    """Whether a formula has more than `most` parts; it is not looked at beyond them."""
    waiting, parts = [formula], 0
    while waiting and parts <= most:
        parts += 1
        waiting += waiting.pop().args
    return parts > most


def plain(value: Any) -> Any:
    """`value` as a Python int where it is one."""
    if isinstance(value, Integer):
        return int(value)
    return Fraction(int(value.p), int(value.q)) if isinstance(value, Rational) else value
