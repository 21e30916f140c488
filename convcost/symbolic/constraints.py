"""What a requirement comes to while sizes are open: it holds, it fails, or it is assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from math import floor, gcd, lcm
from typing import Any, Literal, NamedTuple

from sympy import cancel

from convcost.core.constraints import AtLeast, AtMost, Divides, Equals, Known, Rank, Requirement
from convcost.core.report import Assumption
from convcost.layers.interface import LARGEST_SIZE
from convcost.symbolic.common_factors import common_divisor, common_factors
from convcost.symbolic.convert import from_sympy, to_sympy
from convcost.symbolic.expression_parts import is_long, with_unknowns
from convcost.symbolic.formula import Formula, atoms_of, divided, made, terms_of
from convcost.symbolic.integrality import is_integer, is_integer_term
from convcost.symbolic.long_text import long_program
from convcost.symbolic.notation import people
from convcost.symbolic.signs import cleared, is_nonnegative, undivided
from convcost.symbolic.substitution import substitute
from convcost.symbolic.terms import UNIT
from convcost.symbolic.text import readable

LONGEST_FACTORED = 30
"""A side of an assumption with more parts is not searched for common factors."""


class FailureError(Exception):
    """A requirement that no sizes fulfil."""


class Constraint(NamedTuple):
    """That `formula` is ≥ 0, zero, or whole."""

    relation: Literal["nonnegative", "zero", "whole"]
    formula: Formula

    @property
    def assumption(self) -> Assumption:
        """As a report has it."""
        if self.relation == "whole":
            divisor = common_divisor(self.formula)
            text = f"{_written(to_sympy(divisor))} divides {_written(to_sympy(self.formula * divisor))}"
        else:
            text = _stated(self.formula, "=" if self.relation == "zero" else "≥", _written)
        return Assumption(text, self.relation, to_sympy(self.formula))


def _written(formula: Any) -> str:
    """As people write it; a long formula as it is, and a very long one as programs do."""
    if is_long(formula):
        return long_program(formula)
    return people(formula) if is_long(formula, LONGEST_FACTORED) else readable(formula)


def constraints_of(requirement: Requirement) -> Iterator[Constraint]:
    """What has to be assumed for `requirement` to hold; FailureError if it can't."""
    match requirement:
        case AtLeast(value=value, minimum=minimum):
            yield from not_negative(value - minimum)
        case AtMost(value=value, maximum=maximum) if maximum != LARGEST_SIZE:
            yield from not_negative(maximum - value)
        case Divides(divisor=divisor, value=value):
            yield from _whole(_quotient(value, divisor))
        case Equals(value=value, expected=expected):
            yield from _zero(value - expected)
        case Rank() | Known() if not requirement.holds():
            raise FailureError


def constraints_left(assumption: Assumption, sizes: Mapping[str, int]) -> Iterator[Constraint]:
    """What is left of `assumption` with numbers put in; FailureError if they break it."""
    formula = substitute(from_sympy(assumption.formula), sizes)
    match assumption.relation:
        case "nonnegative":
            yield from not_negative(formula)
        case "zero":
            yield from _zero(formula)
        case "whole":
            yield from _whole(formula)


def not_negative(difference: Any) -> Iterator[Constraint]:
    """That `difference` ≥ 0."""
    if is_nonnegative(difference) is None:
        for simplify in (undivided, without_common_factors, _tightened, undivided, _tightened):
            difference = simplify(difference)
    known = is_nonnegative(difference)
    if known is False:
        raise FailureError
    if known is None:
        yield Constraint("nonnegative", difference)


def _tightened(difference: Any) -> Any:
    """2·L − 3 ≥ 0 says that L ≥ 2, so L − 2 ≥ 0; only a sum of whole terms can be tightened."""
    if not _is_of_whole_terms(difference):
        return difference
    common = _common(difference, constant=False)
    constant = floor(Fraction(terms_of(difference).get(UNIT, 0), common))
    rest = {term: factor // common for term, factor in difference.terms.items() if term}
    return Formula({**rest, UNIT: constant} if constant else rest)


def _is_of_whole_terms(difference: Any) -> bool:
    return isinstance(difference, Formula) and all(
        is_integer_term(*term) for term in difference.terms.items()
    )


def _common(difference: Formula, *, constant: bool = True) -> int:
    return gcd(*(int(factor) for term, factor in difference.terms.items() if term or constant))


def without_common_factors(difference: Formula) -> Formula:
    """A whole `difference` without the positive factors that all its terms have: they decide no sign."""
    if not isinstance(difference, Formula) or len(difference.terms) == 1:
        return difference
    common = common_factors(difference)
    quotient: Formula = (
        divided(difference, common) if all(atom.is_positive for atom in atoms_of(common)) else difference
    )
    return quotient


def _whole(quotient: Any) -> Iterator[Constraint]:
    if not isinstance(quotient, Formula) and quotient.denominator != 1:
        raise FailureError
    if not is_integer(quotient):
        yield Constraint("whole", quotient)


def _quotient(value: Any, divisor: Any) -> Any:
    """value / divisor, without what two sums have in common."""
    quotient = divided(value, divisor)
    is_simple = len(terms_of(divisor)) == 1 or is_integer(quotient)
    return quotient if is_simple else from_sympy(with_unknowns(to_sympy(value) / to_sympy(divisor), cancel))


def _zero(difference: Any) -> Iterator[Constraint]:
    if not isinstance(difference, Formula):
        if difference != 0:
            raise FailureError
        return
    difference = without_common_factors(cleared(difference))
    if _is_of_whole_terms(difference):
        is_apart = is_nonnegative(difference - 1) or is_nonnegative(-difference - 1)
        if is_apart or terms_of(difference).get(UNIT, 0) % _common(difference, constant=False):
            raise FailureError
    yield Constraint("zero", difference)


def inequality(difference: Any, relation: str, write: Callable[[Any], str] = readable) -> str:
    """sympy's `difference` ≥ 0 with every term on the side where it is added: L ≥ 2, 3·L < 5."""
    return _stated(without_common_factors(cleared(from_sympy(difference))), relation, write)


def _stated(difference: Any, relation: str, write: Callable[[Any], str]) -> str:
    terms = terms_of(difference).items()
    left, right = made({t: f for t, f in terms if f > 0}), made({t: -f for t, f in terms if f < 0})
    if not isinstance(left, Formula) and isinstance(right, Formula):
        left, right, relation = right, left, MIRRORED[relation]
    return f"{write(to_sympy(left))} {relation} {write(to_sympy(right))}"


MIRRORED = {"≥": "≤", ">": "<", "<": ">", "≤": "≥", "=": "="}


def multiples(found: Iterable[Assumption]) -> dict[Any, int]:
    """For each size that the assumptions say is a multiple, of what number: 4 divides E gives {E: 4}."""
    least: dict[Any, int] = {}
    for assumption in found:
        coefficient, size = assumption.formula.as_coeff_Mul()
        if assumption.relation == "whole" and size.is_Symbol:
            least[size] = lcm(least.get(size, 1), int(coefficient.q))
    return least
