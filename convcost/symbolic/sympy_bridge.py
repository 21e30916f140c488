"""Conversion between sympy expressions and our formulas."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache, lru_cache, reduce
from operator import mul

from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol, floor

from convcost.symbolic.formula import Formula, Value, floor_of, power_of, size_formula
from convcost.symbolic.sympy_expressions import is_long, postorder
from convcost.symbolic.terms import Atom, Coefficient, Monomial, simplify_number

MOST_RECURSED = 200
"""A formula with more parts may exceed Python's recursion limit."""


class UnsupportedExpressionError(TypeError):
    """An expression that cannot be a layer's cost."""


@cache
def symbol(name: str) -> Symbol:
    """The size `name`, a positive integer. User text reaches sympy only as a checked name."""
    return Symbol(name, integer=True, positive=True)


def from_sympy(expression: Expr | Coefficient) -> Value:
    """A sympy expression as a formula, or a plain number; UnsupportedExpressionError if not supported."""
    if isinstance(expression, int | Fraction):
        return expression
    for part in postorder(expression) if is_long(expression, MOST_RECURSED) else ():
        _formula(part)
    return _formula(expression)


@lru_cache(maxsize=10_000)
def _formula(expression: Expr) -> Value:
    match expression:
        case Rational():
            return simplify_number(Fraction(int(expression.p), int(expression.q)))
        case Symbol() if expression is symbol(expression.name):
            return size_formula(expression.name)
        case Add(args=args):
            return sum(map(_formula, args))
        case Mul(args=args):
            return reduce(mul, map(_formula, args))
        case Pow(base=base, exp=Integer() as exponent):
            return power_of(_formula(base), int(exponent))
        case floor(args=(inner,)):
            return floor_of(_formula(inner))
        case Abs(args=(inner,)):
            return abs(_formula(inner))
    raise UnsupportedExpressionError(f"not a formula of a cost: {type(expression).__name__}")


def to_sympy(formula: Value) -> Expr:
    """A formula as a sympy expression."""
    if not isinstance(formula, Formula):
        return Rational(formula)
    for part in _postorder(formula) if formula.weight > MOST_RECURSED else ():
        _expression(part)
    return _expression(formula)


def _postorder(formula: Formula) -> Iterator[Formula]:
    """All formulas in the atoms of `formula`, inner ones first, then `formula`; without duplicates."""
    seen: set[Formula] = set()
    pending = [(formula, False)]
    while pending:
        part, is_ready = pending.pop()
        if is_ready:
            yield part
        elif part not in seen:
            seen.add(part)
            pending.append((part, True))
            pending += [(atom.inner, False) for atom in part.atoms if atom.kind != "name"]


@lru_cache(maxsize=5_000)
def _expression(formula: Formula) -> Expr:
    return Add(*(_term(monomial, factor) for monomial, factor in formula.terms.items()))


def _term(monomial: Monomial, factor: Coefficient) -> Expr:
    coefficient = Rational(factor.numerator, factor.denominator)
    return Mul(coefficient, *(Pow(_atom(atom), power) for atom, power in monomial))


def _atom(atom: Atom) -> Expr:
    """Floors and absolute values are canonical already, so sympy need not evaluate them."""
    match atom.kind:
        case "name":
            return symbol(atom.inner)
        case "rounded":
            return floor(_expression(atom.inner), evaluate=False)
        case "absolute":
            return Abs(_expression(atom.inner), evaluate=False)
    return _expression(atom.inner)


@lru_cache(maxsize=2_000)
def canonicalize(expression: Expr) -> Expr:
    """`expression` in canonical form: expanded, with floors and signs resolved where possible.

    A long expression is unchanged, which is equally exact, but harder to read.
    """
    if not getattr(expression, "free_symbols", None) or is_long(expression):
        return expression
    try:
        return to_sympy(from_sympy(expression))
    except UnsupportedExpressionError:
        return expression
