"""What a report with open sizes can do: the other place that reaches up, to the symbols, when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from convcost.core.cost import Size
    from convcost.core.report import Report


class Open:
    """A report whose costs may be formulas in the sizes left open."""

    def subs(self, /, **sizes: Size) -> Report:
        """The report with `sizes` put in: exact, and checked against what was assumed of them.

        Raises UsageError for a size that is not open, or that breaks an assumption.
        """
        from convcost.symbolic.report import substituted

        return substituted(cast("Report", self), sizes)

    def lambdify(self, /, *names: str, metric: str = "flops") -> Callable[..., Any]:
        """`metric` as a function of the named open sizes, over ints and NumPy arrays, in exact integers."""
        from convcost.symbolic.report import function

        return function(cast("Report", self), names, metric)
