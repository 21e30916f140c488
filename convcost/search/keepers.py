"""What holds of sizes that stand for many, or that nobody stated."""

from __future__ import annotations

from typing import cast

from convcost.core.constraints import Requirement, single_requirements
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.layers.network import NumericEvaluator
from convcost.spec.evaluate import OpenSizes
from convcost.symbolic.interval import Interval, UndecidedError, exact_quotient
from convcost.symbolic.number import Unstated


class Running(OpenSizes):
    """Sizes of which some stand for many: a `/` has to divide for those too."""

    def exactly(self, dividend: Size, divisor: Size) -> Size:
        """dividend / divisor; UsageError where that is not whole."""
        if isinstance(dividend, Interval) or isinstance(divisor, Interval):
            return _exact_bounds(dividend, divisor)
        if dividend % divisor != 0:
            raise _undivided()
        return dividend // divisor


def _exact_bounds(dividend: Size, divisor: Size) -> Size:
    quotient = exact_quotient(dividend, divisor)
    if quotient is None:
        raise _undivided()
    return cast("Size", quotient)


def _undivided() -> UsageError:
    return UsageError("a / that does not divide exactly")


class LenientEvaluator(NumericEvaluator):
    """The bookkeeper that takes for granted what is required of sizes that were not stated."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if a part of `requirement` is about stated sizes alone and does not hold."""
        for part in single_requirements(requirement):
            if not any(isinstance(size, Unstated) for size in part.sizes):
                self._require_part(part, step)

    def _require_part(self, part: Requirement, step: int) -> None:
        super().require(part, step)


class DoubtfulEvaluator(LenientEvaluator):
    """The bookkeeper that also lets pass what may hold for some of the sizes that one stands for."""

    def _require_part(self, part: Requirement, step: int) -> None:
        try:
            super()._require_part(part, step)
        except UndecidedError:
            return


LENIENT = LenientEvaluator()
DOUBTFUL = DoubtfulEvaluator()
