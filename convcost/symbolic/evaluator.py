"""Evaluates layers on open sizes: requirements become assumptions; shapes and costs become formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from convcost.core.constraints import Requirement, single_requirements
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.core.errors import RequirementError, UsageError
from convcost.layers.interface import Layer
from convcost.symbolic.assumptions import AssumptionSet
from convcost.symbolic.constraints import InfeasibleError, constraints_of, nonnegative_constraints
from convcost.symbolic.feasibility import is_fulfillable
from convcost.symbolic.formula import HEAVIEST, Formula, Value, as_dimension, formula_of
from convcost.symbolic.predicates import sign_of
from convcost.symbolic.substitution import asymptotic_sign, names_in, transform
from convcost.symbolic.terms import Atom

Result = TypeVar("Result")

LONGEST_DIMENSION = 60
"""A longer dimension becomes an opaque sum, so that formulas in a chain do not keep growing."""

LONGEST_VALID_MACS = 500
"""A longer formula for valid MACs is omitted."""

WEIGHT_OF_A_LAYER = 10

HEAVIEST_DESIGN = 12_000
"""The most parts in the expanded formulas of all layers; more would be slow to print."""

TOO_LONG = "the formulas in open sizes are too long for so many layers"
DIVISION_BY_ZERO = "a size is divided by zero for all values of the open sizes"
NUMBERS_SHORTEN = "Give some sizes a value, kernel sizes and strides first: --K 3."


class TooLongError(RequirementError):
    """A design whose formulas are too long, with or without chosen signs."""


class SymbolicEvaluator:
    """The evaluator for open sizes. Collects the assumptions that formulas rely on.

    With `chooses_signs`, a varying sign is assumed to be that of typical sizes, which shortens formulas;
    `has_chosen` tells whether that happened. Otherwise |x| stays in the formula.
    """

    def __init__(self, *, chooses_signs: bool = True) -> None:
        self.assumptions = AssumptionSet()
        self.chooses_signs = chooses_signs
        self.has_chosen = False
        self._weight = 0

    def require(self, requirement: Requirement, step: int) -> None:
        """Assume what `requirement` needs; RequirementError if no sizes satisfy it."""
        for single in single_requirements(requirement):
            try:
                for constraint in constraints_of(single):
                    self.assumptions.add(constraint)
            except InfeasibleError:
                raise RequirementError(
                    single.message, hint=single.hint, argument=single.argument, step=step
                ) from None

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """The layer's output; a long dimension becomes an opaque sum."""
        sizes = self._evaluate(layer.output, shape)
        self._weight += sum(getattr(size, "weight", 1) for size in sizes)
        short = (formula_of(Atom("positive", size)) if _is_long(size) else size for size in sizes)
        return cast("Shape", tuple(short))

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """The layer's cost, without valid MACs if their formula is too long."""
        return self._cost(layer.cost, shape, step)

    def gradients(
        self, layer: Layer, shape: Shape, forward: Cost, needed: tuple[bool, ...], step: int
    ) -> Gradients:
        """The cost of the layer's gradients, with the same limits."""

        def costs(simple: Shape) -> Gradients:
            return layer.gradients(simple, forward, needed)

        by_input = self._cost(lambda simple: costs(simple).by_input, shape, step)
        return Gradients(by_input, self._cost(lambda simple: costs(simple).by_weight, shape, step))

    def _cost(self, formula: Callable[[Shape], Cost], shape: Shape, step: int) -> Cost:
        quantities = self._evaluate(lambda simple: _quantities(formula(simple)), shape)
        self._weight += WEIGHT_OF_A_LAYER + sum(getattr(quantity, "weight", 1) for quantity in quantities)
        if self._weight > HEAVIEST_DESIGN:
            raise TooLongError(TOO_LONG, hint=NUMBERS_SHORTEN, step=step)
        cost = Cost(*cast("Shape", quantities))
        return replace(cost, valid_macs=_unless_long(cost, "weight", HEAVIEST))

    def _evaluate(
        self, formulas: Callable[[Shape], tuple[Size | None, ...]], shape: Shape
    ) -> tuple[Value | None, ...]:
        """`formulas` of the shape, evaluated with opaque dimensions and then simplified."""
        large = frozenset[str]().union(*map(names_in, shape))
        simple = cast("Shape", tuple(map(as_dimension, shape)))
        return tuple(
            formula if formula is None else self.simplify(formula, large) for formula in formulas(simple)
        )

    def simplify(self, formula: Value, large: frozenset[str] = frozenset()) -> Value:
        """`formula`, simplified by the assumptions.

        A varying sign is assumed to be the one for `large` sizes that are much larger than the others.
        """

        def absolute(inner: Value) -> Value:
            value = abs(inner)
            is_open = isinstance(value, Formula) and any(atom.kind == "absolute" for atom in value.atoms)
            return self._resolve_sign(inner, large) if is_open else value

        return transform(
            formula,
            absolute=absolute,
            rounding=self.assumptions.floor_of,
            opaque=lambda atom: formula_of(atom) if _is_long(atom.inner) else atom.inner,
        )

    def _resolve_sign(self, inner: Value, large: frozenset[str]) -> Value:
        known = sign_of(self.assumptions.shift_to_bounds(inner))
        sign = known or (asymptotic_sign(inner, large) if self.chooses_signs else 0)
        if sign and known is None:
            self.has_chosen = True
            try:
                for constraint in nonnegative_constraints(sign * inner):
                    self.assumptions.add(constraint)
            except InfeasibleError:
                sign = -sign
        return sign * inner if sign else abs(inner)


def evaluate_feasibly(work: Callable[[SymbolicEvaluator], Result]) -> Result:
    """The result of `work` with chosen signs if some sizes satisfy all assumptions, otherwise without."""
    evaluator = SymbolicEvaluator()
    try:
        result = work(evaluator)
    except TooLongError:
        raise
    except RequirementError:
        if not evaluator.has_chosen:
            raise
    except ZeroDivisionError:
        if not evaluator.has_chosen:
            raise UsageError(DIVISION_BY_ZERO) from None
    else:
        if not evaluator.has_chosen or is_fulfillable(evaluator.assumptions.constraints):
            return result
    return work(SymbolicEvaluator(chooses_signs=False))


def _is_long(size: Value | None) -> bool:
    return isinstance(size, Formula) and size.parts > LONGEST_DIMENSION


def _quantities(cost: Cost) -> tuple[Size | None, ...]:
    return cost.macs, _unless_long(cost, "parts", LONGEST_VALID_MACS), cost.bias_adds, cost.elementwise


def _unless_long(cost: Cost, measure: str, most: int) -> Size | None:
    """The valid MACs; None if their formula is longer than `most`, and differs from that of all MACs."""
    is_long = getattr(cost.valid_macs, measure, 0) > most and cost.valid_macs != cost.macs
    return None if is_long else cost.valid_macs
