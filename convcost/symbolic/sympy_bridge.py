"""sympy's expressions as our formulas, and our formulas as sympy's expressions in their one form."""

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
"""A formula with more parts may lie deeper than Python's recursion goes."""


class UnsupportedExpressionError(TypeError):
    """An expression of a kind that no layer's cost is."""


@cache
def symbol(name: str) -> Symbol:
    """The size called `name`: a positive integer. User text never reaches sympy but as a checked name."""
    return Symbol(name, integer=True, positive=True)


def from_sympy(expression: Expr | Coefficient) -> Value:
    """A sum of products, or a plain number; UnsupportedExpressionError for what only sympy knows."""
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
    raise UnsupportedExpressionError(f"no formula of a cost: {type(expression).__name__}")


def to_sympy(formula: Value) -> Expr:
    """As sympy's."""
    if not isinstance(formula, Formula):
        return Rational(formula)
    for part in _postorder(formula) if formula.weight > MOST_RECURSED else ():
        _expression(part)
    return _expression(formula)


def _postorder(formula: Formula) -> Iterator[Formula]:
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
def _expression(formula: Formula) -> Expr:
    return Add(*(_term(monomial, factor) for monomial, factor in formula.terms.items()))


def _term(monomial: Monomial, factor: Coefficient) -> Expr:
    coefficient = Rational(factor.numerator, factor.denominator)
    return Mul(coefficient, *(Pow(_atom(atom), power) for atom, power in monomial))


def _atom(atom: Atom) -> Expr:
    """Floors and absolute values are in their one form already: sympy has nothing to find out."""
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
    """`expression` in its one form: floors and signs resolved where they can be, multiplied out.

    What would take long stays as it is, which is as exact: it is only harder to read.
    """
    if not getattr(expression, "free_symbols", None) or is_long(expression):
        return expression
    try:
        return to_sympy(from_sympy(expression))
    except UnsupportedExpressionError:
        return expression
