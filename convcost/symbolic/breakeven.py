"""Where the costs of two designs cross, and which of them is the cheaper on which side."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sympy import CRootOf, Mul, S

from convcost.core.arithmetic import elements
from convcost.core.breakeven import BreakEven, EqualInputs
from convcost.core.errors import ConvcostError
from convcost.core.report import Assumption, Comparison, Report
from convcost.symbolic.bounds import Least, is_never_negative, least_values, sign_from
from convcost.symbolic.constraints import relation
from convcost.symbolic.crossings import crossings, sign_of
from convcost.symbolic.expressions import python_number
from convcost.symbolic.factorization import product_of_sums
from convcost.symbolic.sympy_bridge import canonicalize, symbol
from convcost.symbolic.text import lowest_terms


def compare_metric(comparison: Comparison, metric: str, candidate: Report) -> BreakEven:
    """Where the cheaper of `candidate` and the first one of `comparison` changes."""
    first = comparison.first
    assumed = (*first.assumptions, *candidate.assumptions)
    return break_even(getattr(first, metric), getattr(candidate, metric), assumed)


def equal_inputs(comparison: Comparison, candidate: Report) -> EqualInputs | None:
    """At which size the inputs have as many elements, if it is one, and the ratio is a number there."""
    first = comparison.first
    found = break_even(elements(first.input), elements(candidate.input))
    if not (found.exact and len(found.crossings) == 1 and isinstance(found.crossings[0], int)):
        return None
    size, value = found.size, found.crossings[0]
    ratio = comparison.ratio("flops", candidate)
    if ratio is None or not all(_is_possible(report, size, value) for report in (first, candidate)):
        return None
    there = python_number((S.Zero + lowest_terms(S.Zero + ratio)).subs({symbol(size): value}))
    return EqualInputs(size, value, there) if isinstance(there, int | Fraction) else None


def _is_possible(report: Report, size: str, value: int) -> bool:
    """Whether the report's assumptions allow this value."""
    try:
        report.subs(**{size: value} if size in report.open_names else {})
    except ConvcostError:
        return False
    return True


def break_even(first: Any, second: Any, assumed: tuple[Assumption, ...] = ()) -> BreakEven:
    """Where `second` − `first` changes its sign over the positive sizes that the assumptions leave."""
    difference = canonicalize(S.Zero + second - first)
    least = least_values(difference, assumed)
    deciding = _deciding(difference, least)
    sizes = sorted(deciding.free_symbols, key=str)
    if not sizes:
        return BreakEven((sign_of(deciding),))
    if len(sizes) == 1:
        return _along(deciding, sizes[0], least.get(sizes[0], 1))
    for sign in (1, -1):
        if is_never_negative(sign * deciding, least):
            return BreakEven((sign,), difference=deciding, equality=relation(deciding, "="))
    return _undecided(deciding)


def _along(difference: Any, size: Any, least: int) -> BreakEven:
    found = crossings(difference, size)
    if found is None:
        return _undecided(difference)
    signs, points, exact = found.beyond(least)
    return BreakEven(signs, size.name, points, exact)


def _undecided(difference: Any) -> BreakEven:
    return BreakEven((), difference=difference, condition=relation(difference, "<"))


def _deciding(difference: Any, least: Least) -> Any:
    """`difference` without the factors that have one sign whatever the sizes."""
    sign, deciding = 1, []
    for part in Mul.make_args(product_of_sums(difference)):
        known = sign_from(part, least)
        if known is None:
            deciding.append(part)
        else:
            sign *= known
    return Mul(sign, *deciding)


def has_closed_form(crossing: Any) -> bool:
    """Whether a crossing is written with roots of numbers; one of a cubic may not be."""
    return isinstance(crossing, int | Fraction) or not crossing.has(CRootOf)
