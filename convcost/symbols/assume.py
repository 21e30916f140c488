"""What a requirement comes to while sizes are open: it holds, it fails, or it is assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import lcm
from typing import Any

from sympy import Add, Mul, factor_terms, sympify

from convcost.layers.interface import LARGEST_SIZE
from convcost.report import Assumption
from convcost.requirements import AllAtLeast, AtLeast, AtMost, Divides, Equals, Known, Rank, Requirement
from convcost.symbols.bounds import is_nonnegative, unrounded
from convcost.symbols.text import readable
from convcost.symbols.tidy import is_whole, tidy


class FailureError(Exception):
    """A requirement that no sizes fulfil."""


def assumptions(requirement: Requirement) -> Iterator[Assumption]:
    """What has to be assumed for `requirement` to hold; FailureError if it can't."""
    match requirement:
        case AllAtLeast(minimum=minimum, values=values):
            for value in values.values():
                for size in value if isinstance(value, tuple) else (value,):
                    yield from not_negative(size - minimum)
        case AtLeast(value=value, minimum=minimum):
            yield from not_negative(value - minimum)
        case AtMost(value=value, maximum=maximum) if maximum != LARGEST_SIZE:
            yield from not_negative(maximum - value)
        case Divides(divisor=divisor, value=value):
            yield from _whole(sympify(value, strict=True), sympify(divisor, strict=True))
        case Equals(value=value, expected=expected):
            yield from _zero(sympify(value - expected, strict=True))
        case Rank() | Known() if not requirement.holds():
            raise FailureError


def not_negative(difference: Any) -> Iterator[Assumption]:
    """That `difference` ≥ 0."""
    difference = tidy(sympify(difference, strict=True)).formula
    known = is_nonnegative(difference)
    if known is False:
        raise FailureError
    if known is None:
        difference = core(unrounded(difference)).expand()
        yield Assumption(inequality(difference, "≥"), "nonnegative", difference)


def _whole(value: Any, divisor: Any) -> Iterator[Assumption]:
    quotient = (value / divisor).cancel()
    if quotient.is_Rational and not quotient.is_Integer:
        raise FailureError
    if not is_whole(quotient):
        yield Assumption(f"{readable(divisor)} divides {readable(value)}", "whole", quotient)


def _zero(difference: Any) -> Iterator[Assumption]:
    difference = tidy(difference).formula
    if difference == 0:
        return
    if is_nonnegative(difference - 1) or is_nonnegative(-difference - 1):
        raise FailureError
    yield Assumption(inequality(difference, "="), "zero", difference)


def inequality(difference: Any, relation: str, write: Callable[[Any], str] = readable) -> str:
    """`difference` ≥ 0 with every term on the side where it is added: L ≥ 2, 3·L < 5."""
    terms = Add.make_args(core(difference).expand())
    left = Add(*(term for term in terms if not term.could_extract_minus_sign()))
    right = Add(*(-term for term in terms if term.could_extract_minus_sign()))
    if not left.free_symbols and right.free_symbols:
        left, right, relation = right, left, MIRRORED[relation]
    return f"{write(left)} {relation} {write(right)}"


def core(difference: Any) -> Any:
    """`difference` without the factors that are positive whatever the sizes: they decide no sign."""
    factors = Mul.make_args(factor_terms(difference))
    return Mul(*(factor for factor in factors if not factor.is_positive))


MIRRORED = {"≥": "≤", ">": "<", "<": ">", "≤": "≥", "=": "="}


def multiples(found: Iterable[Assumption]) -> dict[Any, int]:
    """For each size that the assumptions say is a multiple, of what number: 4 divides E gives {E: 4}."""
    least: dict[Any, int] = {}
    for assumption in found:
        coefficient, size = assumption.formula.as_coeff_Mul()
        if assumption.relation == "whole" and size.is_Symbol:
            least[size] = lcm(least.get(size, 1), int(coefficient.q))
    return least
