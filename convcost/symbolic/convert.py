"""sympy's formulas as ours, and ours as sympy's."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache, reduce
from operator import mul
from typing import Any

from sympy import Abs, Add, Integer, Mul, Pow, Rational, Symbol, floor

from convcost.symbolic.expression_parts import inner_first, is_long
from convcost.symbolic.formula import Formula, name, raised
from convcost.symbolic.rounding import rounded
from convcost.symbolic.symbol import symbol
from convcost.symbolic.sympy_functions import Magnitude, Rounded
from convcost.symbolic.terms import Atom, plain

MOST_RECURSED = 200
"""A formula with more parts may lie deeper than Python's recursion goes."""


class StrangeError(TypeError):
    """A formula of a kind that no layer's cost is."""


def from_sympy(formula: Any) -> Any:
    """A sum of products, or a plain number; StrangeError for what only sympy knows."""
    if isinstance(formula, int | Fraction):
        return formula
    for part in inner_first(formula) if is_long(formula, MOST_RECURSED) else ():
        _from_parts(part)
    return _from_parts(formula)


@lru_cache(maxsize=10_000)
def _from_parts(formula: Any) -> Any:
    match formula:
        case Rational():
            return plain(Fraction(int(formula.p), int(formula.q)))
        case Symbol() if formula is symbol(formula.name):
            return name(formula.name)
        case Add(args=args):
            return sum(map(_from_parts, args))
        case Mul(args=args):
            return reduce(mul, map(_from_parts, args))
        case Pow(base=base, exp=Integer() as exponent):
            return raised(_from_parts(base), int(exponent))
        case floor(args=(inner,)):
            return rounded(_from_parts(inner))
        case Abs(args=(inner,)):
            return abs(_from_parts(inner))
    raise StrangeError(f"no formula of a cost: {type(formula).__name__}")


def to_sympy(formula: Any) -> Any:
    """As sympy's."""
    if not isinstance(formula, Formula):
        return Rational(formula)
    for part in _inner_first(formula) if formula.weight > MOST_RECURSED else ():
        _expression(part)
    return _expression(formula)


def _inner_first(formula: Formula) -> Iterator[Formula]:
    """Every formula in the atoms of `formula` once, each before those that have it, and itself."""
    seen: set[Formula] = set()
    waiting = [(formula, False)]
    while waiting:
        part, is_ready = waiting.pop()
        if is_ready:
            yield part
        elif part not in seen:
            seen.add(part)
            waiting.append((part, True))
            waiting += [(atom.inner, False) for atom in part.atoms if atom.kind != "name"]


@lru_cache(maxsize=5_000)
def _expression(formula: Formula) -> Any:
    return Add(*(_term(monomial, factor) for monomial, factor in formula.terms.items()))


def _term(monomial: Any, factor: Any) -> Any:
    coefficient = Rational(factor.numerator, factor.denominator)
    return Mul(coefficient, *(Pow(_atom(atom), power) for atom, power in monomial))


def _atom(atom: Atom) -> Any:
    """Roundings and absolute values are in their one form already: sympy has nothing to find out."""
    match atom.kind:
        case "name":
            return symbol(atom.inner)
        case "rounded":
            return Rounded(_expression(atom.inner), evaluate=False)
        case "absolute":
            return Magnitude(_expression(atom.inner), evaluate=False)
    return _expression(atom.inner)
