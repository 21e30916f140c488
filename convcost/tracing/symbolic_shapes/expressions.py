"""Sizes as torch writes them, in sympy's terms and functions of its own, as our formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import prod
from typing import Any

from convcost.core import arithmetic
from convcost.symbolic.formula import divided, raised
from convcost.symbolic.rounding import rounded

FINEST = 2**20
"""A float with a larger denominator stands for another number: what it is multiplied with is rounded."""


class NoFormulaError(Exception):
    """A size or a cost that can't be said while sizes are open."""


def formula(expression: Any, symbols: Mapping[Any, Any]) -> Any:
    """`expression` with formulas or numbers for torch's `symbols`."""
    if expression in symbols:
        return symbols[expression]
    if expression.is_Rational:
        return _plain(Fraction(int(expression.p), int(expression.q)))
    if expression.is_Float:
        return _of_float(float(expression))
    rule = RULES.get(type(expression).__name__)
    if rule is None:
        raise NoFormulaError(f"no formula for torch's {type(expression).__name__} of a size")
    return rule(*(formula(part, symbols) for part in expression.args))


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _of_float(number: float) -> int | Fraction:
    exact = Fraction(number)
    if exact.denominator > FINEST:
        raise NoFormulaError(f"a size is multiplied with {number}, which floating point rounds")
    return _plain(exact)


def _same(number: Any) -> Any:
    return number


def _rounded_up(number: Any) -> Any:
    return -rounded(-number)


def _largest(*numbers: Any) -> Any:
    return reduce(arithmetic.larger, numbers)


def _smallest(*numbers: Any) -> Any:
    return reduce(arithmetic.smaller, numbers)


def _sum(*terms: Any) -> Any:
    return sum(terms)


def _product(*factors: Any) -> Any:
    return prod(factors)


RULES: dict[str, Callable[..., Any]] = {
    "Add": _sum,
    "Mul": _product,
    **dict.fromkeys(("Pow", "PowByNatural"), raised),
    **dict.fromkeys(("FloorDiv", "CleanDiv"), lambda dividend, divisor: dividend // divisor),
    **dict.fromkeys(("Mod", "PythonMod"), lambda dividend, divisor: dividend % divisor),
    **dict.fromkeys(("IntTrueDiv", "FloatTrueDiv"), divided),
    "ModularIndexing": lambda base, divisor, modulus: base // divisor % modulus,
    "Max": _largest,
    "Min": _smallest,
    **dict.fromkeys(("floor", "FloorToInt", "TruncToInt"), rounded),
    **dict.fromkeys(("ceiling", "CeilToInt"), _rounded_up),
    **dict.fromkeys(("ToFloat", "Identity"), _same),
}
"""By the names of torch's functions in torch.utils._sympy.functions, and of sympy's own."""
