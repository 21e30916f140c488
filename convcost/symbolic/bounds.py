"""Consequences of assumptions: lower bounds, signs, and the largest of several formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from math import lcm
from typing import TypeAlias, cast

from sympy import Expr, Max, S, ceiling, floor

from convcost.core.cost import Size
from convcost.core.report import Assumption
from convcost.symbolic.formula import Formula, Value, from_terms, size_formula
from convcost.symbolic.predicates import is_nonnegative, is_positive_sum
from convcost.symbolic.substitution import substitute, transform
from convcost.symbolic.sympy_bridge import UnsupportedExpressionError, from_sympy, symbol, to_sympy
from convcost.symbolic.sympy_expressions import postorder
from convcost.symbolic.terms import Terms

MOST_CHOICES = 12
"""A maximum of more formulas is not computed: it is slow, and unreadable."""

LowerBounds: TypeAlias = Mapping[Expr, int]
"""Lower bounds of sizes other than 1, and of floors."""

MaximumFunction: TypeAlias = Callable[[Sequence[Size]], Size]
"""Returns the largest of several sizes; None if too many may be the largest."""


def without_exact_floors(expression: Expr, assumed: tuple[Assumption, ...]) -> Expr:
    """`expression` with ⌊C/G⌋ as C/G, and ⌊2·C/G⌋ as 2·C/G, if G is assumed to divide C."""
    quotients = [assumption.formula for assumption in assumed if assumption.relation == "whole"]
    exact = {
        part: part.args[0]
        for part in (expression.atoms(floor) if quotients else ())
        if any((part.args[0] / quotient).is_integer for quotient in quotients)
    }
    return expression.xreplace(exact)


def lower_bounds(expression: Expr, assumed: tuple[Assumption, ...]) -> LowerBounds:
    """The lower bounds of sizes and of floors in `expression`, by the assumptions."""
    bounds = [each.formula for each in assumed if each.relation == "nonnegative"]
    return _size_bounds(assumed, bounds) | _floor_bounds(expression, bounds)


def _size_bounds(assumed: tuple[Assumption, ...], bounds: Iterable[Expr]) -> dict[Expr, int]:
    least = size_divisors(assumed)
    for bound in bounds:
        constant, rest = bound.as_coeff_Add()
        slope, size = rest.as_coeff_Mul()
        if size.is_Symbol and slope > 0:
            least[size] = max(least.get(size, 1), int(ceiling(-constant / slope)))
    return least


def size_divisors(assumed: Iterable[Assumption]) -> dict[Expr, int]:
    """The assumed divisor of each size: {E: 4} if 4 divides E."""
    least: dict[Expr, int] = {}
    for assumption in assumed:
        coefficient, size = assumption.formula.as_coeff_Mul()
        if assumption.relation == "whole" and size.is_Symbol:
            least[size] = lcm(least.get(size, 1), int(coefficient.q))
    return least


def _floor_bounds(expression: Expr, bounds: Iterable[Expr]) -> dict[Expr, int]:
    """⌊x⌋ ≥ 0 if x is a positive multiple of a formula assumed to be ≥ 0."""
    known = list(map(from_sympy, bounds))
    return {
        rounded: 0
        for rounded in postorder(expression)
        if isinstance(rounded, floor)
        and any(_is_positive_multiple(from_sympy(rounded.args[0]), bound) for bound in known)
    }


def _is_positive_multiple(number: Value, other: Value) -> bool:
    """Whether `number` is `other` times a positive product."""
    if not isinstance(number, Formula) or not isinstance(other, Formula):
        return False
    if len(number.terms) != len(other.terms):
        return False
    first = Terms(dict([next(iter(number.terms.items()))]))
    shares = (first * Terms({term: factor}).inverse() for term, factor in other.terms.items())
    return any(is_positive_sum(share) and from_terms(share) * other == number for share in shares)


def known_sign(expression: Expr, least: LowerBounds) -> int | None:
    """The sign of `expression` for all values within the bounds; None if it may vary."""
    if not expression.free_symbols:
        return int(bool(expression > 0)) - int(bool(expression < 0))
    if is_never_negative(expression - 1, least):
        return 1
    return -1 if is_never_negative(-expression - 1, least) else None


def is_never_negative(expression: Expr, least: LowerBounds) -> bool:
    """Whether `expression` ≥ 0 can be proved for all values within the bounds."""
    try:
        return bool(is_nonnegative(from_sympy(_shift_to_one(expression, least))))
    except UnsupportedExpressionError:
        return False


def _shift_to_one(expression: Expr, least: LowerBounds) -> Expr:
    """`expression` in terms of sizes, and symbols for floors, that start at 1."""
    floors = {
        rounded: symbol(f"_{index}") + number - 1
        for index, (rounded, number) in enumerate(least.items())
        if not rounded.is_Symbol
    }
    sizes = {size: size + number - 1 for size, number in least.items() if size.is_Symbol and number > 1}
    return expression.xreplace(floors).xreplace(sizes)


def maximum_under(assumed: tuple[Assumption, ...]) -> MaximumFunction:
    """A function that returns the largest of several formulas under these assumptions."""
    least = lower_bounds(S.Zero, assumed)
    shifted = {size.name: size_formula(size.name) + number - 1 for size, number in least.items()}
    return cast("MaximumFunction", partial(_maximum, shifted))


def _maximum(shifted: Mapping[str, Value], numbers: Iterable[Value]) -> Expr | Value | None:
    """The largest formula, or sympy's Max of those that may be the largest; None if there are too many.

    `shifted` has the sizes with a lower bound, in terms of sizes that start at 1.
    """

    def is_at_least(first: Value, second: Value) -> bool:
        difference = first - second
        return bool(
            is_nonnegative(difference) or is_nonnegative(substitute(_expand_dimensions(difference), shifted))
        )

    largest: list[Value] = []
    for number in dict.fromkeys(numbers):
        if not any(is_at_least(other, number) for other in largest):
            largest = [other for other in largest if not is_at_least(number, other)] + [number]
            if len(largest) > MOST_CHOICES:
                return None
    return largest[0] if len(largest) == 1 else Max(*map(as_sympy, largest), evaluate=False)


def _expand_dimensions(formula: Value) -> Value:
    """`formula` with opaque dimensions expanded."""
    return transform(formula, opaque=lambda atom: atom.inner)


def as_sympy(formula: Expr | Value) -> Expr:
    """A result of `compute_rows` as a sympy expression, with opaque dimensions expanded."""
    return to_sympy(_expand_dimensions(formula)) if isinstance(formula, int | Formula) else formula


def value_of(formula: Expr | int, sizes: Mapping[str, int]) -> int:
    """The value of `formula` for `sizes`."""
    known = {symbol(name): size for name, size in sizes.items()}
    return formula if isinstance(formula, int) else int(formula.subs(known))
