"""Sets of assumptions about open sizes, without redundant ones."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor, lcm
from typing import NamedTuple

from convcost.core.arithmetic import ceil_div
from convcost.core.report import Assumption
from convcost.symbolic.constraints import Constraint, InfeasibleError
from convcost.symbolic.formula import Formula, Value, divide, floor_of, size_formula
from convcost.symbolic.predicates import is_integer, is_nonnegative
from convcost.symbolic.substitution import substitute
from convcost.symbolic.terms import size_name

RECENT = 4
"""A new assumption is compared with this many previous ones."""

LONGEST_COMPARED = 60
"""Two assumptions with more parts in total are not compared."""


class SizeBounds(NamedTuple):
    """The range of a size: multiples of `step` from `least` to `most` (None: no limit)."""

    least: int = 1
    most: int | None = None
    step: int = 1

    def size(self, text: str) -> Value:
        """The size `text` in terms of a size that starts at 1."""
        if self.least == self.most:
            return self.least
        return self.step * (size_formula(text) + ceil_div(self.least, self.step) - 1)

    def narrowed(self, constraint: Constraint) -> SizeBounds:
        """The bounds with a constraint on this size only; InfeasibleError if no value is left."""
        terms = constraint.formula.terms
        [factor] = (factor for term, factor in terms.items() if term)
        bounds = self._narrowed(constraint.relation, factor, terms.constant)
        if bounds.most is not None and ceil_div(bounds.least, bounds.step) * bounds.step > bounds.most:
            raise InfeasibleError
        return bounds

    def _narrowed(self, relation: str, factor: int | Fraction, constant: int | Fraction) -> SizeBounds:
        root = Fraction(-constant) / factor
        if relation == "whole":
            return self if constant else self._replace(step=lcm(self.step, factor.denominator))
        if relation == "zero":
            return self._replace(least=max(self.least, floor(root)), most=floor(root))
        if factor > 0:
            return self._replace(least=max(self.least, -floor(-root)))
        return self._replace(most=floor(root) if self.most is None else min(self.most, floor(root)))


def substitute_bounds(bounds: Mapping[str, SizeBounds], formula: Value) -> Value:
    """`formula` with each bounded size in terms of one that starts at 1; its sign is unchanged."""
    return substitute(formula, {text: bound.size(text) for text, bound in bounds.items()})


def single_size(formula: Formula) -> str:
    """The size in a formula such as 3·L − 2; "" if it has more terms."""
    terms = [term for term in formula.terms if term]
    return size_name(terms[0]) if len(terms) == 1 else ""


class AssumptionSet:
    """Assumptions, without those that a fast test finds to follow from others."""

    def __init__(self) -> None:
        self.constraints: list[Constraint] = []
        self.quotients: list[Formula] = []
        self._bounds: dict[str, SizeBounds] = {}

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """The assumptions that do not follow from the bounds of single sizes."""
        assumptions = (each.assumption for each in self.constraints if not self._follows_from_bounds(each))
        return tuple({assumption.text: assumption for assumption in assumptions}.values())

    def _follows_from_bounds(self, constraint: Constraint) -> bool:
        if constraint.relation != "nonnegative":
            return False
        text = single_size(constraint.formula)
        bounds = {text: self._bounds[text]._replace(least=1, most=None)} if text else self._bounds
        return bool(is_nonnegative(substitute_bounds(bounds, constraint.formula)))

    def add(self, constraint: Constraint) -> None:
        """Add `constraint` unless it follows from the others; InfeasibleError if it contradicts them."""
        if self._is_implied(constraint):
            return
        if text := single_size(constraint.formula):
            self._bounds[text] = self._bounds.get(text, SizeBounds()).narrowed(constraint)
        if constraint.relation == "nonnegative":
            latest = self.constraints[-RECENT:]
            if any(_is_implied_by(constraint, other) for other in latest):
                return
            self.constraints[-RECENT:] = [other for other in latest if not _is_implied_by(other, constraint)]
        if constraint.relation == "whole":
            self.constraints = [
                other
                for other in self.constraints
                if other.relation != "whole" or not _is_multiple(other.formula, constraint.formula)
            ]
            self.quotients.append(constraint.formula)
        self.constraints.append(constraint)

    def _is_implied(self, constraint: Constraint) -> bool:
        formula = self.shift_to_bounds(constraint.formula)
        match constraint.relation:
            case "nonnegative":
                known = is_nonnegative(formula)
            case "zero":
                known = None if isinstance(formula, Formula) else formula == 0
            case "whole":
                known = is_integer(formula) or self._is_multiple_of_quotient(constraint.formula) or None
        if known is False:
            raise InfeasibleError
        return bool(known) or constraint in self.constraints

    def shift_to_bounds(self, formula: Value) -> Value:
        """`formula` in terms of sizes that start at 1; its sign is unchanged."""
        return substitute_bounds(self._bounds, formula)

    def floor_of(self, number: Value) -> Value:
        """⌊number⌋, or `number` if it is assumed to be an integer."""
        if not self.quotients:
            return floor_of(number)
        is_known = self._is_multiple_of_quotient(number) or is_integer(self.shift_to_bounds(number))
        return number if is_known else floor_of(number)

    def _is_multiple_of_quotient(self, number: Value) -> bool:
        """Whether `number` is a multiple of a quotient assumed to be an integer: 2·E/G if G divides E."""
        return any(_is_multiple(number, quotient) for quotient in self.quotients)


def _is_multiple(number: Value, quotient: Value) -> bool:
    return number == quotient or is_integer(divide(number, quotient))


def _is_implied_by(constraint: Constraint, other: Constraint) -> bool:
    """Whether an inequality follows from another, or from an equality."""
    is_short = constraint.formula.parts + other.formula.parts <= LONGEST_COMPARED
    if not is_short or constraint.relation != "nonnegative" or other.relation == "whole":
        return False
    signs = (1, -1) if other.relation == "zero" else (1,)
    return any(is_nonnegative(constraint.formula - sign * other.formula) for sign in signs)
