"""What has been assumed of open sizes, and what follows from it."""

from __future__ import annotations

from typing import Any

from convcost.core.report import Assumption
from convcost.symbolic.constraints import Constraint, FailureError
from convcost.symbolic.formula import Formula
from convcost.symbolic.integrality import is_integer
from convcost.symbolic.rounding import rounded
from convcost.symbolic.signs import is_nonnegative
from convcost.symbolic.size_bounds import Bounds, bounds_with, single_size, substitute_bounds

RECENT = 4
"""How many of the last assumptions a new one is compared with."""

LONGEST_COMPARED = 60
"""Assumptions of more parts together are not compared."""


class AssumptionSet:
    """Assumptions, none of which follows from another, as far as it shows."""

    def __init__(self) -> None:
        self.constraints: list[Constraint] = []
        self._bounds: Bounds = {}
        self.quotients: set[Any] = set()

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What has been assumed and isn't said by what is known of single sizes."""
        found = (constraint.assumption for constraint in self.constraints if not self._is_said(constraint))
        return tuple({assumption.text: assumption for assumption in found}.values())

    def _is_said(self, constraint: Constraint) -> bool:
        if constraint.relation != "nonnegative":
            return False
        text = single_size(constraint.formula)
        bounds = {text: self._bounds[text]._replace(least=1, most=None)} if text else self._bounds
        return bool(is_nonnegative(substitute_bounds(bounds, constraint.formula)))

    def enter(self, constraint: Constraint) -> None:
        """Assume it, if it doesn't follow; FailureError if nothing fulfils it beside the rest."""
        if self._follows(constraint):
            return
        self._bounds = bounds_with(self._bounds, constraint)
        if constraint.relation == "nonnegative":
            latest = self.constraints[-RECENT:]
            if any(_follows_from(constraint, other) for other in latest):
                return
            self.constraints[-RECENT:] = [other for other in latest if not _follows_from(other, constraint)]
        self.constraints.append(constraint)
        self.quotients |= {constraint.formula} if constraint.relation == "whole" else set()

    def _follows(self, constraint: Constraint) -> bool:
        formula = self.under(constraint.formula)
        match constraint.relation:
            case "nonnegative":
                known = is_nonnegative(formula)
            case "zero":
                known = None if isinstance(formula, Formula) else formula == 0
            case "whole":
                known = is_integer(formula) or None
        if known is False:
            raise FailureError
        return bool(known) or constraint in self.constraints

    def under(self, formula: Any) -> Any:
        """`formula` with sizes that count from 1: what holds of it then, holds."""
        return substitute_bounds(self._bounds, formula)

    def rounded(self, number: Any) -> Any:
        """⌊number⌋; `number` itself where it was assumed to be whole."""
        if not self.quotients:
            return rounded(number)
        is_known = number in self.quotients or is_integer(self.under(number))
        return number if is_known else rounded(number)


def _follows_from(constraint: Constraint, other: Constraint) -> bool:
    """Whether an inequality follows from another, or from an equality."""
    is_short = constraint.formula.parts + other.formula.parts <= LONGEST_COMPARED
    if not is_short or constraint.relation != "nonnegative" or other.relation == "whole":
        return False
    signs = (1, -1) if other.relation == "zero" else (1,)
    return any(is_nonnegative(constraint.formula - sign * other.formula) for sign in signs)
