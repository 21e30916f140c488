"""Methods of results that higher packages implement and register, so that core need not import them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from convcost.core.cost import Size
    from convcost.core.report import Report

_homes: dict[str, str] = {}


def register(homes: Mapping[str, str]) -> None:
    """Register functions by name, as `package.module:function`. They are imported when called."""
    _homes.update(homes)


def hook(name: str) -> Callable[..., Any]:
    """The function registered under `name`."""
    module, _, function = _homes[name].partition(":")
    implementation: Callable[..., Any] = getattr(import_module(module), function)
    return implementation


class SubstitutionMethods:
    """Methods of a report whose costs may be formulas in open sizes."""

    def subs(self, /, **sizes: Size) -> Report:
        """The report with values for open sizes: exact, and checked against the assumptions.

        Raises UsageError for a size that is not open, or that violates an assumption.

        >>> cost("Linear(E, F)").subs(E=8, F=2, B=1, S=1).macs
        16
        """
        return cast("Report", hook("substitute")(self, sizes))

    def lambdify(self, /, *names: str, metric: str = "flops") -> Callable[..., Any]:
        """The quantity `metric` as a function of the named open sizes, for ints and NumPy arrays. Exact.

        >>> cost("[4, E] -> Linear(E, E)").lambdify("E", metric="macs")(8)
        256
        """
        return cast("Callable[..., Any]", hook("lambdify")(self, names, metric))


class PrintMethods:
    """Methods of a result that prints as a table, 80 columns wide and without colours."""

    def __str__(self) -> str:
        return str(hook("render")(self, "table")).rstrip("\n")

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The result as `--json` writes it: dicts, lists, numbers and strings; formulas are strings."""
        return cast("dict[str, Any]", hook("document_data")(self))


class RenderMethods(PrintMethods):
    """Methods of a result with rows, a plot, and representations for notebooks.

    Notebooks show the HTML; when converted to a paper they use the LaTeX, which needs amsmath.
    """

    def to_pandas(self) -> pandas.DataFrame:
        """The rows that `--format csv` writes, as a data frame with exact integers.

        Raises UsageError if pandas is not installed.
        """
        return cast("pandas.DataFrame", hook("data_frame")(self))

    def _repr_html_(self) -> str:
        return str(hook("render")(self, "html"))

    def _repr_latex_(self) -> str:
        return str(hook("render")(self, "latex"))

    def plot(self, metric: str = "", ranges: Mapping[str, range | tuple[int, int]] | None = None) -> Any:
        """The result as an altair.Chart, the same as `--plot` on the command line.

        A report or a comparison with an open size is plotted as curves over that size, for example
        compare("Linear(E, E)", "Linear(9, E)").plot("params", {"E": (1, 64)}). Without open sizes, a report
        is plotted by its parts, and a comparison as bars. A match shows its target, a sweep its Pareto front.

        Args:
            metric: The quantity to plot, by its name as an attribute of a report; FLOPs if empty.
            ranges: The values of an open size, by name: a range, or the first and the last value. The
                default is around the break-even points.

        Raises:
            UsageError: If the result has no plot, or Altair is not installed (convcost[plots]).
        """
        return hook("plot")(self, metric, ranges)


class TableMethods:
    """Methods of a result with rows, as tables of other libraries. Integers are exact, ratios are floats."""

    def arrow(self) -> pyarrow.Table:
        """The rows as an Arrow table, with integers of 64 bits or 38 decimal digits.

        Raises UsageError if pyarrow is not installed (convcost[sweep]).
        """
        return hook("arrow_table")(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas data frame, with integers of 64 bits, or Python ints if one is larger."""
        return cast("pandas.DataFrame", hook("pandas_table")(self))

    def pandas(self) -> pandas.DataFrame:
        """The same as to_pandas."""
        return self.to_pandas()

    def polars(self) -> polars.DataFrame:
        """The rows as a Polars data frame, with integers of 64 bits, or 128 bits if one is larger."""
        return cast("polars.DataFrame", hook("polars_table")(self))
