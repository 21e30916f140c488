"""Formulas with numbers put in: whole numbers all the way, on ints and on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import prod
from operator import add
from typing import Any

from sympy import Abs, Add, Mul, Pow, Symbol, floor

from convcost.quantities import Size


def put_in(formula: Any, sizes: Mapping[str, Any]) -> Any:
    """`formula` at `sizes`, each an int or an array of ints; an int or an array of Python ints."""
    if isinstance(formula, int | Fraction):
        return formula
    numerator, denominator = _value(formula, sizes)
    return _exact_quotient(numerator, denominator)


def _exact_quotient(numerator: Any, denominator: Any) -> Any:
    if isinstance(numerator, int) and isinstance(denominator, int):
        whole, rest = divmod(numerator, denominator)
        return Fraction(numerator, denominator) if rest else whole
    return numerator // denominator


def _value(formula: Any, sizes: Mapping[str, Any]) -> tuple[Any, Any]:
    """The numerator and denominator of `formula` at `sizes`."""
    if formula.is_Rational:
        return int(formula.p), int(formula.q)
    match formula:
        case Symbol():
            return sizes[formula.name], 1
        case Add():
            return reduce(_sum, (_value(term, sizes) for term in formula.args))
        case Mul():
            numerators, denominators = zip(*(_value(part, sizes) for part in formula.args), strict=True)
            return prod(numerators), prod(denominators)
        case Pow(base=base, exp=exponent):
            numerator, denominator = _value(base, sizes)
            power = abs(int(exponent))
            raised = numerator**power, denominator**power
            return raised if exponent > 0 else raised[::-1]
        case floor():
            numerator, denominator = _value(formula.args[0], sizes)
            return numerator // denominator, 1
        case Abs():
            numerator, denominator = _value(formula.args[0], sizes)
            return abs(numerator), denominator
    raise TypeError(f"no exact value of {type(formula).__name__}")


def _sum(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
    if first[1] is second[1] or (isinstance(first[1], int) and first[1] == second[1]):
        return add(first[0], second[0]), first[1]
    return first[0] * second[1] + second[0] * first[1], first[1] * second[1]


def function_of(formula: Any, names: tuple[str, ...]) -> Callable[..., Any]:
    """`formula` as a function of the named sizes, over ints and NumPy arrays, exactly.

    Arrays are widened to Python ints on entry, since 64 bits overflow without a word.
    """
    import numpy

    def widened(value: Any) -> Any:
        return value.astype(object) if isinstance(value, numpy.ndarray) else value

    def function(*values: Size) -> Any:
        return put_in(formula, dict(zip(names, map(widened, values), strict=True)))

    return function
