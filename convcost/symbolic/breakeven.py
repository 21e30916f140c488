"""Break-even points of two formulas, and whether one never exceeds the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice, product
from math import prod
from typing import Literal, TypeAlias, cast

from sympy import Abs, CRootOf, Expr, Mul, Rational, S, Symbol, floor

from convcost.core.arithmetic import elements
from convcost.core.breakeven import BreakEven, EqualInputs
from convcost.core.comparison import Comparison
from convcost.core.errors import ConvcostError
from convcost.core.report import Assumption, Report
from convcost.symbolic.bounds import (
    LowerBounds,
    is_never_negative,
    known_sign,
    lower_bounds,
    without_exact_floors,
)
from convcost.symbolic.constraints import relation
from convcost.symbolic.crossings import crossings, sign_of
from convcost.symbolic.factorization import product_of_sums
from convcost.symbolic.formula import Formula
from convcost.symbolic.sizes import is_fulfilled
from convcost.symbolic.sympy_bridge import canonicalize, symbol, to_sympy
from convcost.symbolic.sympy_expressions import evaluate, python_number
from convcost.symbolic.sympy_text import lowest_terms


def compare_metric(comparison: Comparison, metric: str, candidate: Report) -> BreakEven:
    """Where `candidate` becomes cheaper or more expensive than the first candidate of `comparison`."""
    first = comparison.first
    assumed = (*first.assumptions, *candidate.assumptions)
    return break_even(getattr(first, metric), getattr(candidate, metric), assumed)


def equal_inputs(comparison: Comparison, candidate: Report) -> EqualInputs | None:
    """The size at which both inputs have equally many elements, if the ratio of FLOPs is a number there."""
    first = comparison.first
    result = break_even(elements(first.input), elements(candidate.input))
    if not (result.exact and len(result.crossings) == 1 and isinstance(result.crossings[0], int)):
        return None
    size, value = result.size, result.crossings[0]
    ratio = comparison.ratio("flops", candidate)
    if ratio is None or not all(_is_possible(report, size, value) for report in (first, candidate)):
        return None
    ratio_there = python_number((S.Zero + lowest_terms(S.Zero + ratio)).subs({symbol(size): value}))
    return EqualInputs(size, value, ratio_there) if isinstance(ratio_there, int | Fraction) else None


def _is_possible(report: Report, size: str, value: int) -> bool:
    """Whether the assumptions of the report allow this value."""
    try:
        report.subs(**{size: value} if size in report.open_names else {})
    except ConvcostError:
        return False
    return True


def break_even(first: Expr | int, second: Expr | int, assumed: tuple[Assumption, ...] = ()) -> BreakEven:
    """Where `second` − `first` changes sign, over the positive sizes that the assumptions allow."""
    deciding, least = deciding_difference(first, second, assumed)
    sizes = sorted(deciding.free_symbols, key=str)
    if not sizes:
        return BreakEven((sign_of(deciding),))
    if len(sizes) == 1:
        return _break_even_of_one_size(deciding, sizes[0], least.get(sizes[0], 1))
    for sign in (1, -1):
        if is_never_negative(sign * deciding, least):
            return BreakEven((sign,), difference=deciding, equality=relation(deciding, "="))
    return _condition(deciding)


def deciding_difference(
    first: Expr | int, second: Expr | int, assumed: tuple[Assumption, ...]
) -> tuple[Expr, LowerBounds]:
    """A formula with the sign of `second` − `first`, without factors of known sign; and the lower bounds."""
    difference = canonicalize(without_exact_floors(S.Zero + second - first, assumed))
    least = lower_bounds(difference, assumed)
    return _without_signed_factors(difference, least), least


def _break_even_of_one_size(difference: Expr, size: Symbol, least: int) -> BreakEven:
    result = crossings(difference, size)
    if result is None:
        return _condition(difference)
    signs, points, exact = result.from_size(least)
    return BreakEven(signs, size.name, points, exact)


def _condition(difference: Expr) -> BreakEven:
    return BreakEven((), difference=difference, condition=relation(difference, "<"))


def _without_signed_factors(difference: Expr, least: LowerBounds) -> Expr:
    """`difference` without factors of known sign; negative ones change its sign."""
    sign, deciding = 1, []
    for part in Mul.make_args(product_of_sums(difference)):
        known = known_sign(part, least)
        if known is None:
            deciding.append(part)
        else:
            sign *= known
    return Mul(sign, *deciding)


def has_closed_form(crossing: Expr | int | Fraction) -> bool:
    """Whether a crossing can be written with roots of numbers; that of a cubic may not."""
    return isinstance(crossing, int | Fraction) or not crossing.has(CRootOf)


def formula_at(
    formula: Expr | int | Fraction, size: str, value: Expr | int | Fraction
) -> int | Fraction | float:
    """The value of `formula` in one open size at a crossing; exact if it is rational."""
    number = python_number((S.Zero + to_expression(formula, ())).subs({symbol(size): value}))
    return number if isinstance(number, int | Fraction) else float(number)


Answer: TypeAlias = Literal["yes", "no", "unknown"]
"""Whether a statement holds for all sizes that the assumptions allow."""

TRIED_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 31, 64)
"""Values of each size for finding a counterexample, if there is no proof."""

MOST_TRIED_POINTS = 2_000


def to_expression(number: Formula | Expr | int | Fraction, assumed: tuple[Assumption, ...]) -> Expr:
    """`number` as a sympy expression, without floors of quotients assumed to be integers."""
    if isinstance(number, Formula):
        number = to_sympy(number)
    if isinstance(number, Fraction):
        number = Rational(number.numerator, number.denominator)
    return without_exact_floors(S.Zero + number, assumed)


def is_equal(first: Expr, second: Expr, assumed: tuple[Assumption, ...]) -> Answer:
    """Whether both formulas are equal for all sizes."""
    result = break_even(first, second, assumed)
    if result.signs:
        return "yes" if set(result.signs) == {0} else "no"
    is_polynomial = not result.difference.has(floor, Abs)
    return (
        "no" if is_polynomial or _has_value(lambda value: value != 0, second - first, assumed) else "unknown"
    )


def is_at_most(first: Expr, second: Expr, assumed: tuple[Assumption, ...]) -> Answer:
    """Whether `first` ≤ `second` for all sizes."""
    result = break_even(second, first, assumed)
    if result.signs:
        return "no" if 1 in result.signs else "yes"
    if is_never_negative(-result.difference, lower_bounds(result.difference, assumed)):
        return "yes"
    return "no" if _has_value(lambda value: value > 0, first - second, assumed) else "unknown"


def _has_value(
    is_wanted: Callable[[int | Fraction], bool], difference: Expr, assumed: tuple[Assumption, ...]
) -> bool:
    """Whether `difference` has a wanted value at one of the tried points."""
    names = tuple(sorted(symbol.name for symbol in difference.free_symbols))
    values = (cast("int | Fraction", evaluate(difference, point)) for point in _points(names, assumed))
    return any(map(is_wanted, values))


def _points(names: tuple[str, ...], assumed: tuple[Assumption, ...]) -> Iterator[dict[str, int]]:
    """A limited number of points that satisfy the assumptions, the smallest first."""
    others = sorted({symbol.name for each in assumed for symbol in each.formula.free_symbols} - {*names})
    all_names = (*names, *others)
    counts = range(len(TRIED_SIZES), 2, -1)
    count = next((each for each in counts if each ** len(all_names) <= MOST_TRIED_POINTS), 2)
    grid = islice(product(TRIED_SIZES[:count], repeat=len(all_names)), MOST_TRIED_POINTS)
    for values in sorted(grid, key=prod):
        point = dict(zip(all_names, values, strict=True))
        if all(is_fulfilled(each, point) for each in assumed):
            yield point
