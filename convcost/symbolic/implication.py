"""Whether one formula is another, or never more than it, for all sizes that the assumptions leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice, product
from math import prod
from typing import Literal

from sympy import Abs, Expr, Rational, S, floor

from convcost.core.report import Assumption
from convcost.symbolic.bounds import is_never_negative, least_values, unrounded
from convcost.symbolic.breakeven import break_even
from convcost.symbolic.expressions import evaluate
from convcost.symbolic.formula import Formula
from convcost.symbolic.sizes import is_fulfilled
from convcost.symbolic.sympy_bridge import to_sympy

Answer = Literal["yes", "no", "unknown"]

TRIED = (1, 2, 3, 4, 6, 8, 12, 16, 31, 64)
"""Values that sizes are tried at where nothing is proved."""

MOST_TRIED = 2_000


def expression(number: Formula | Expr | int | Fraction, assumed: tuple[Assumption, ...]) -> Expr:
    """A number, or a formula of ours or of sympy's, as sympy's; what is assumed to divide, divides."""
    if isinstance(number, Formula):
        number = to_sympy(number)
    if isinstance(number, Fraction):
        number = Rational(number.numerator, number.denominator)
    return unrounded(S.Zero + number, assumed)


def is_equal(first: Expr, second: Expr, assumed: tuple[Assumption, ...]) -> Answer:
    """Whether both formulas are the same for all sizes."""
    found = break_even(first, second, assumed)
    if found.signs:
        return "yes" if set(found.signs) == {0} else "no"
    is_polynomial = not found.difference.has(floor, Abs)
    return "no" if is_polynomial or _has(lambda value: value != 0, second - first, assumed) else "unknown"


def is_at_most(first: Expr, second: Expr, assumed: tuple[Assumption, ...]) -> Answer:
    """Whether the first formula is never more than the second."""
    found = break_even(second, first, assumed)
    if found.signs:
        return "no" if 1 in found.signs else "yes"
    if is_never_negative(-found.difference, least_values(found.difference, assumed)):
        return "yes"
    return "no" if _has(lambda value: value > 0, first - second, assumed) else "unknown"


def _has(wanted: Callable[[Expr], bool], difference: Expr, assumed: tuple[Assumption, ...]) -> bool:
    """Whether `difference` is as wanted at one of the points tried."""
    names = tuple(sorted(symbol.name for symbol in difference.free_symbols))
    return any(wanted(evaluate(difference, point)) for point in _points(names, assumed))


def _points(names: tuple[str, ...], assumed: tuple[Assumption, ...]) -> Iterator[dict[str, int]]:
    """Sizes that fulfil what is assumed, the smallest first, as many as bearable."""
    others = sorted({symbol.name for each in assumed for symbol in each.formula.free_symbols} - {*names})
    every = (*names, *others)
    tried = next((few for few in range(len(TRIED), 2, -1) if few ** len(every) <= MOST_TRIED), 2)
    grid = islice(product(TRIED[:tried], repeat=len(every)), MOST_TRIED)
    for values in sorted(grid, key=prod):
        point = dict(zip(every, values, strict=True))
        if all(is_fulfilled(each, point) for each in assumed):
            yield point
