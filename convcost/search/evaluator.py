"""Evaluates a design on sizes that are columns or unknown; requirements become a mask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from convcost.core.constraints import NumberNeeded, Requirement, single_requirements
from convcost.core.cost import MATMUL, Convention, Cost, Shape, Size
from convcost.core.errors import ConvcostError, UnboundSizeError
from convcost.core.match import Metric
from convcost.layers.interface import Layer
from convcost.layers.network import NumericEvaluator, requirement_error
from convcost.spec.evaluate import OpenSizes

WITHOUT_COST = {"params", "trainable_params", "bytes", "output_elements", "activations"}
"""Metrics that need only shapes."""


class Restriction(NamedTuple):
    """A rule, and the possible places before and after it, each a bool for all or an array."""

    rule: str
    before: Any
    after: Any


class ColumnEvaluator(NumericEvaluator):
    """Evaluates layers on ints and columns; `possible` are the places at which all requirements hold.

    Requirements on unknown sizes are assumed to hold. Only the parts of a layer's cost that `metrics` need
    are computed.
    """

    def __init__(self, metrics: tuple[Metric, ...], convention: Convention) -> None:
        self.of_cost = {*metrics} - WITHOUT_COST
        self.needs_only_macs = self.of_cost <= ({"macs", "flops"} if convention == MATMUL else {"macs"})
        self.possible: Any = True
        self.restrictions: list[Restriction] = []

    def require(self, requirement: Requirement, step: int) -> None:
        """Restrict the places to those where `requirement` holds; RequirementError if none are left.

        UnboundSizeError if a plain number is needed, such as for a dimension.
        """
        for part in single_requirements(requirement):
            if isinstance(part, NumberNeeded) and not part.holds():
                raise UnboundSizeError(part.message)
            if not any(isinstance(size, UnknownSize) for size in part.sizes):
                self.restrict(part.holds(), partial(requirement_error, part, step), part.rule)

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """The parts of a layer's cost that the metrics need."""
        if not self.of_cost:
            return Cost()
        return Cost(layer.macs(shape)) if self.needs_only_macs else layer.cost(shape)

    def restrict(self, condition: Any, error: Callable[[], ConvcostError], rule: str) -> None:
        """Keep the places where `condition`, a bool or an array, is true; `rule` describes it.

        Raises `error` if there are none.
        """
        before = self.possible
        self.possible = before & condition
        if self.possible is not before:
            self.restrictions.append(Restriction(rule, before, self.possible))
        if not (self.possible if isinstance(self.possible, bool) else self.possible.any()):
            raise error()

    def restrict_to_none(self, rule: str) -> None:
        """Keep no place: an error was raised for all that were left, described by `rule`."""
        self.restrictions.append(Restriction(rule, self.possible, False))
        self.possible = False


class ColumnSizes(OpenSizes):
    """Sizes by name, some of them columns or unknown; each `/` must divide exactly at each place."""

    def divide_exactly(self, dividend: Size, divisor: Size, text: str) -> Size:
        """dividend / divisor, rounded down; `divisions` records the requirement that it is exact."""
        self.divisions.append(ExactDivision(divisor, dividend, text))
        return dividend // divisor


class ExactDivision(NamedTuple):
    """The requirement that `value` / `divisor`, `text` in a design, has no remainder."""

    divisor: Size
    value: Size
    text: str
    argument: str = ""
    hint: str = "Use // to round down."

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The divisor and the dividend."""
        return self.divisor, self.value

    def holds(self) -> Any:
        """Whether, or where, there is no remainder."""
        return self.value % self.divisor == 0

    @property
    def message(self) -> str:
        """The message if it does not hold."""
        return f"{self.text} is not a whole number"

    @property
    def rule(self) -> str:
        """The requirement as a rule."""
        return f"{self.text} must divide exactly"


class UnknownSize:
    """A number that depends on the sizes called `names`, which are unknown.

    Results computed with it are unknown too; exact divisions are assumed to be possible.
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def _with(self, other: Any) -> UnknownSize:
        return UnknownSize(*self.names, *getattr(other, "names", ()))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __floordiv__ = __rfloordiv__ = __pow__ = _with

    def __neg__(self) -> UnknownSize:
        return self

    __abs__ = __neg__

    def __mod__(self, other: Any) -> int:
        """0, as if divisible."""
        return 0

    __rmod__ = __mod__

    def __str__(self) -> str:
        return "?"
