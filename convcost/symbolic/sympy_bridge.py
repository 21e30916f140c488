"""sympy's expressions as our formulas, and our formulas as sympy's expressions in their one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache, lru_cache, reduce
from operator import mul
from typing import TypeAlias, TypeVar, cast

from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, Symbol, floor

from convcost.symbolic.expressions import inner_first, is_long
from convcost.symbolic.formula import Formula, Value, name, raised, rounded
from convcost.symbolic.terms import Atom, Coefficient, Monomial, plain

MOST_RECURSED = 200
"""A formula with more parts may lie deeper than Python's recursion goes."""


Item = TypeVar("Item")

Change: TypeAlias = Callable[[Expr], Expr | Value]


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
    for part in inner_first(expression) if is_long(expression, MOST_RECURSED) else ():
        _formula(part)
    return _formula(expression)


@lru_cache(maxsize=10_000)
def _formula(expression: Expr) -> Value:
    match expression:
        case Rational():
            return plain(Fraction(int(expression.p), int(expression.q)))
        case Symbol() if expression is symbol(expression.name):
            return name(expression.name)
        case Add(args=args):
            return sum(map(_formula, args))
        case Mul(args=args):
            return reduce(mul, map(_formula, args))
        case Pow(base=base, exp=Integer() as exponent):
            return raised(_formula(base), int(exponent))
        case floor(args=(inner,)):
            return rounded(_formula(inner))
        case Abs(args=(inner,)):
            return abs(_formula(inner))
    raise UnsupportedExpressionError(f"no formula of a cost: {type(expression).__name__}")


def to_sympy(formula: Value) -> Expr:
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
            return Rounded(_expression(atom.inner), evaluate=False)
        case "absolute":
            return Magnitude(_expression(atom.inner), evaluate=False)
    return _expression(atom.inner)


def throughout(value: Item, change: Change) -> Item:
    """`value`, or each part of a tuple, changed if it is a formula; numbers and words stay."""
    if isinstance(value, tuple):
        return cast("Item", tuple(throughout(part, change) for part in value))
    return value if value is None or isinstance(value, int | str | float) else cast("Item", change(value))


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


def _unknown(_: Expr) -> None:
    """A sign that sympy would look for in every part; here they are proved elsewhere."""


class Rounded(floor):  # type: ignore[misc]
    """sympy's floor of a formula in its one form, known to be an integer: sympy would ask all its parts."""

    is_integer = True
    _eval_is_negative = _eval_is_nonnegative = _unknown

    @classmethod
    def eval(cls, arg: Expr) -> Expr | None:
        """What it comes to: by our own rules, by sympy where they know nothing of it."""
        try:
            return to_sympy(rounded(from_sympy(arg)))
        except UnsupportedExpressionError:
            return super().eval(arg)

    def _eval_Abs(self) -> Expr:  # noqa: N802
        """Without it sympy turns the sign round and round: in its form of ⌊x⌋ and in ours."""
        return Magnitude(self, evaluate=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, floor) and self.args == other.args

    __hash__ = floor.__hash__


class Magnitude(Abs):  # type: ignore[misc]
    """sympy's absolute value of a formula in its one form, known to be an integer."""

    is_integer = True
    _eval_is_zero = _eval_is_extended_positive = _eval_is_even = _eval_is_odd = _unknown

    @classmethod
    def eval(cls, arg: Expr) -> Expr | None:
        """What it comes to: by our own rules, by sympy where they know nothing of it."""
        try:
            return to_sympy(abs(from_sympy(arg)))
        except UnsupportedExpressionError:
            return super().eval(arg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Abs) and self.args == other.args

    __hash__ = Abs.__hash__


Rounded.__name__, Magnitude.__name__ = "floor", "Abs"
