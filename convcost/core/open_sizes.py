"""What a report with open sizes can do, by the algebra of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from convcost.core.hooks import hook

if TYPE_CHECKING:
    from convcost.core.cost import Size
    from convcost.core.report import Report


class Open:
    """A report whose costs may be formulas in the sizes left open."""

    def subs(self, /, **sizes: Size) -> Report:
        """The report with `sizes` put in: exact, and checked against what was assumed of them.

        Raises UsageError for a size that is not open, or that breaks an assumption.
        """
        return cast("Report", hook("substitute")(self, sizes))

    def lambdify(self, /, *names: str, metric: str = "flops") -> Callable[..., Any]:
        """`metric` as a function of the named open sizes, over ints and NumPy arrays, in exact integers."""
        return cast("Callable[..., Any]", hook("lambdify")(self, names, metric))
