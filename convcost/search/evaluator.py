"""Evaluates a design whose sizes are columns, or have no value: requirements become a mask."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from convcost.core.constraints import Divides, NumberNeeded, Requirement, single_requirements
from convcost.core.cost import MATMUL, Convention, Cost, Shape, Size
from convcost.core.errors import ConvcostError, UnboundSizeError
from convcost.core.match import Metric
from convcost.layers.interface import Layer
from convcost.layers.network import NumericEvaluator, unfulfilled
from convcost.spec.evaluate import OpenSizes

WITHOUT_COST = ("params", "bytes")
"""Metrics that follow from shapes alone."""


class ColumnEvaluator(NumericEvaluator):
    """Evaluates layers on ints and columns: `possible` has the places at which all requirements hold.

    A requirement on a size without a value is taken to hold. Of each layer's cost only what `metric` needs is
    computed.
    """

    def __init__(self, metric: Metric, convention: Convention) -> None:
        self.metric = metric
        self.convention = convention
        self.possible: Any = True

    def require(self, requirement: Requirement, step: int) -> None:
        """Restrict the places to those where `requirement` holds; RequirementError if there are none left.

        UnboundSizeError where only a plain number will do, as for a dimension.
        """
        for part in single_requirements(requirement):
            if isinstance(part, NumberNeeded) and not part.holds():
                raise UnboundSizeError(part.message)
            if not any(isinstance(size, UnknownSize) for size in part.sizes):
                self.restrict(part.holds(), partial(unfulfilled, part, step))

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """What the metric needs of the layer's cost."""
        if self.metric in WITHOUT_COST:
            return Cost()
        if self.metric == "macs" or (self.metric == "flops" and self.convention == MATMUL):
            return Cost(layer.macs(shape))
        return layer.cost(shape)

    def restrict(self, condition: Any, error: Callable[[], ConvcostError]) -> None:
        """Leave the places where `condition` is true, a bool or an array; raise `error` if there are none."""
        self.possible = self.possible & condition
        if not (self.possible if isinstance(self.possible, bool) else self.possible.any()):
            raise error()


class ColumnSizes(OpenSizes):
    """Sizes by name, of which some are columns or have no value: a `/` has to divide at each place."""

    def divide_exactly(self, dividend: Size, divisor: Size) -> Size:
        """dividend / divisor, rounded down: `divisions` has that it is whole."""
        self.divisions.append(Divides(divisor, dividend, "the divisor", "the dividend"))
        return dividend // divisor


class UnknownSize:
    """A number that depends on the sizes called `names`, which have no value.

    What is computed with it is one too; it is taken to be divided where it has to be.
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
        """0, as if it were divided."""
        return 0

    __rmod__ = __mod__

    def __str__(self) -> str:
        return "?"
