"""sympy's formulas in one form: roundings and absolute values resolved where they can be, multiplied out.

What would take long stays as it is, which is as exact: only its reading suffers.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from sympy import Integer, Rational, floor

from convcost.core.report import Assumption
from convcost.symbolic.convert import StrangeError, from_sympy, to_sympy
from convcost.symbolic.expression_parts import is_long


@lru_cache(maxsize=2_000)
def canonicalize(formula: Any) -> Any:
    """`formula` in its one form, as sympy's."""
    if not getattr(formula, "free_symbols", None) or is_long(formula):
        return formula
    try:
        return to_sympy(from_sympy(formula))
    except StrangeError:
        return formula


def plain(value: Any) -> Any:
    """`value` as a Python int where it is one."""
    if isinstance(value, Integer):
        return int(value)
    return Fraction(int(value.p), int(value.q)) if isinstance(value, Rational) else value


def unrounded(formula: Any, assumed: tuple[Assumption, ...]) -> Any:
    """`formula` with ⌊C/G⌋ as C/G where it is assumed that G divides C."""
    quotients = [assumption.formula for assumption in assumed if assumption.relation == "whole"]
    return formula.xreplace({floor(quotient): quotient for quotient in quotients})
