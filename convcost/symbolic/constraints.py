"""Requirements on open sizes: each holds, fails, or becomes a constraint to assume."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import floor, gcd
from typing import Literal, NamedTuple

from sympy import Expr, cancel

from convcost.core.breakeven import Relation
from convcost.core.constraints import (
    ArgumentCheck,
    AtLeast,
    AtMost,
    Divides,
    Equals,
    NumberNeeded,
    Rank,
    Requirement,
)
from convcost.core.report import Assumption
from convcost.layers.interface import LARGEST_SIZE
from convcost.symbolic.formula import Formula, Value, divide, from_terms
from convcost.symbolic.notation import pretty
from convcost.symbolic.predicates import (
    is_integer,
    is_integer_term,
    is_nonnegative,
    without_divisor,
    without_floor,
)
from convcost.symbolic.substitution import substitute
from convcost.symbolic.sympy_bridge import from_sympy, to_sympy
from convcost.symbolic.sympy_expressions import apply_outside_floors, is_long
from convcost.symbolic.sympy_text import long_program, readable
from convcost.symbolic.terms import UNIT, Terms, common_divisor, common_factors, terms_of

LONGEST_FACTORED = 30
"""A longer side of an assumption is not searched for common factors."""


class InfeasibleError(Exception):
    """A requirement that no sizes satisfy."""


class Constraint(NamedTuple):
    """The constraint that `formula` is ≥ 0, is zero, or is an integer ("whole")."""

    relation: Literal["nonnegative", "zero", "whole"]
    formula: Formula

    @property
    def assumption(self) -> Assumption:
        """The constraint as an assumption of a report."""
        return Assumption(self.statement(_text), self.relation, to_sympy(self.formula))

    def statement(self, write: Callable[[Expr], str]) -> str:
        """The constraint as text; `write` formats expressions: L + 2 ≥ K, G divides E."""
        if self.relation == "whole":
            divisor = from_terms(common_divisor(self.formula))
            return f"{write(to_sympy(divisor))} divides {write(to_sympy(self.formula * divisor))}"
        return _relation_of(self.formula.terms, "=" if self.relation == "zero" else "≥").text(write)


def _text(expression: Expr) -> str:
    """The expression simplified; a long one unchanged, and a very long one in Python notation."""
    if is_long(expression):
        return long_program(expression)
    return pretty(expression) if is_long(expression, LONGEST_FACTORED) else readable(expression)


def constraints_of(requirement: Requirement) -> Iterator[Constraint]:
    """The constraints under which `requirement` holds; InfeasibleError if it can't hold."""
    match requirement:
        case AtLeast(value=value, minimum=minimum):
            yield from nonnegative_constraints(value - minimum)
        case AtMost(value=value, maximum=maximum) if maximum != LARGEST_SIZE:
            yield from nonnegative_constraints(maximum - value)
        case Divides(divisor=divisor, value=value):
            yield from _integer_constraints(_quotient(value, divisor))
        case Equals(value=value, expected=expected):
            yield from _zero_constraints(value - expected)
        case Rank() | ArgumentCheck() | NumberNeeded() if not requirement.holds():
            raise InfeasibleError


def statement(assumption: Assumption, write: Callable[[Expr], str]) -> str:
    """`assumption` as text; `write` formats expressions."""
    formula = from_sympy(assumption.formula)
    assert isinstance(formula, Formula)
    return Constraint(assumption.relation, formula).statement(write)


def remaining_constraints(assumption: Assumption, sizes: Mapping[str, int]) -> Iterator[Constraint]:
    """The constraints that remain of `assumption` at these sizes; InfeasibleError if they violate it."""
    formula = substitute(from_sympy(assumption.formula), sizes)
    match assumption.relation:
        case "nonnegative":
            yield from nonnegative_constraints(formula)
        case "zero":
            yield from _zero_constraints(formula)
        case "whole":
            yield from _integer_constraints(formula)


def nonnegative_constraints(difference: Value) -> Iterator[Constraint]:
    """The constraints for `difference` ≥ 0; InfeasibleError if it can't hold."""
    known = is_nonnegative(difference)
    if known is None:
        terms = terms_of(difference)
        for simplify in (without_floor, without_common_factors, _tightened, without_floor, _tightened):
            terms = simplify(terms)
        difference = from_terms(terms)
        known = is_nonnegative(difference)
    if known is False:
        raise InfeasibleError
    if known is None and isinstance(difference, Formula):
        yield Constraint("nonnegative", difference)


def _tightened(difference: Terms) -> Terms:
    """L − 2 for 2·L − 3, as 2·L ≥ 3 means L ≥ 2; only for sums of integer terms."""
    if difference.is_constant or not _is_of_integer_terms(difference):
        return difference
    common = _common_coefficient(difference)
    rest = {term: factor // common for term, factor in difference.items() if term}
    return Terms({**rest, UNIT: floor(difference.constant) // common})


def _is_of_integer_terms(difference: Terms) -> bool:
    return all(is_integer_term(*term) for term in difference.items())


def _common_coefficient(difference: Terms) -> int:
    """The greatest common divisor of all coefficients except the constant."""
    return gcd(*(int(factor) for term, factor in difference.items() if term))


def without_common_factors(difference: Terms) -> Terms:
    """`difference` without positive factors common to all terms; the sign is unchanged."""
    if len(difference) == 1:
        return difference
    common = common_factors(difference)
    is_positive = all(atom.is_positive for atom in common.atoms)
    return difference * common.inverse() if is_positive else difference


def _integer_constraints(quotient: Value) -> Iterator[Constraint]:
    if not isinstance(quotient, Formula):
        if quotient.denominator != 1:
            raise InfeasibleError
    elif not is_integer(quotient):
        yield Constraint("whole", quotient)


def _quotient(value: Value, divisor: Value) -> Value:
    """value / divisor, with common factors of sums cancelled."""
    quotient = divide(value, divisor)
    if len(terms_of(divisor)) == 1 or is_integer(quotient):
        return quotient
    return from_sympy(apply_outside_floors(to_sympy(value) / to_sympy(divisor), cancel))


def _zero_constraints(difference: Value) -> Iterator[Constraint]:
    if not isinstance(difference, Formula):
        if difference != 0:
            raise InfeasibleError
        return
    terms = without_common_factors(without_divisor(difference))
    if _is_of_integer_terms(terms):
        is_nonzero = is_nonnegative(terms - 1) or is_nonnegative(-terms - 1)
        if is_nonzero or terms.constant % _common_coefficient(terms):
            raise InfeasibleError
    yield Constraint("zero", Formula(terms))


def relation(difference: Expr, sign: str) -> Relation:
    """The relation `difference` `sign` 0, with terms on the side where they are positive: L ≥ 2, 3·L < 5."""
    return _relation_of(without_common_factors(without_divisor(from_sympy(difference))), sign)


def _relation_of(difference: Terms, sign: str) -> Relation:
    left = Terms({term: factor for term, factor in difference.items() if factor > 0})
    right = Terms({term: -factor for term, factor in difference.items() if factor < 0})
    if left.is_constant and not right.is_constant:
        left, right, sign = right, left, MIRRORED[sign]
    return Relation(to_sympy(from_terms(left)), sign, to_sympy(from_terms(right)))


MIRRORED = {"≥": "≤", ">": "<", "<": ">", "≤": "≥", "=": "="}
