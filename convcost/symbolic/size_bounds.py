"""What is known of single sizes by what was assumed of them: a least and a largest, and what divides them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor, lcm
from typing import Any, NamedTuple

from convcost.core.arithmetic import ceil_div
from convcost.symbolic.constraints import Constraint, FailureError
from convcost.symbolic.formula import Formula, name, terms_of
from convcost.symbolic.substitution import substitute
from convcost.symbolic.terms import UNIT, size_of


class Bound(NamedTuple):
    """A size from `least` to `most`, a multiple of `step`."""

    least: int = 1
    most: int | None = None
    step: int = 1

    def size(self, text: str) -> Any:
        """The size called `text` by another that counts from 1."""
        if self.least == self.most:
            return self.least
        return self.step * (name(text) + ceil_div(self.least, self.step) - 1)


Bounds = Mapping[str, Bound]


def substitute_bounds(bounds: Bounds, formula: Any) -> Any:
    """`formula` with each bound size written by one that counts from 1: what holds then, holds."""
    return substitute(formula, {text: bound.size(text) for text, bound in bounds.items()})


def bounds_with(bounds: Bounds, need: Constraint) -> Bounds:
    """`bounds` with what `need` says of a single size; FailureError if nothing is left of it."""
    text = single_size(need.formula)
    if not text:
        return bounds
    old = bounds.get(text, Bound())
    new = _narrowed(old, need)
    if new.most is not None and ceil_div(new.least, new.step) * new.step > new.most:
        raise FailureError
    return {**bounds, text: new}


def single_size(formula: Formula) -> str:
    """The size that a formula is a multiple of, a constant apart; empty if it is about more."""
    [*terms] = (term for term in formula.terms if term)
    return size_of(terms[0]) if len(terms) == 1 else ""


def _narrowed(old: Bound, need: Constraint) -> Bound:
    constant = terms_of(need.formula).get(UNIT, 0)
    [factor] = (factor for term, factor in need.formula.terms.items() if term)
    turn = Fraction(-constant) / factor
    match need.relation:
        case "whole":
            return old if constant else old._replace(step=lcm(old.step, factor.denominator))
        case "zero":
            return old._replace(least=max(old.least, floor(turn)), most=floor(turn))
        case _ if factor > 0:
            return old._replace(least=max(old.least, -floor(-turn)))
    return old._replace(most=floor(turn) if old.most is None else min(old.most, floor(turn)))
