"""Methods of results that packages above implement; these register them, so that core imports none."""

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
    """Register functions by name, each as `package.module:function`; it is imported when it is called."""
    _homes.update(homes)


def hook(name: str) -> Callable[..., Any]:
    """The function registered under `name`."""
    module, _, function = _homes[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


class SubstitutionMethods:
    """A report whose costs may be formulas in the sizes left open."""

    def subs(self, /, **sizes: Size) -> Report:
        """The report with `sizes` put in: exact, and checked against what was assumed of them.

        Raises UsageError for a size that is not open, or that breaks an assumption.

        >>> cost("Linear(E, F)").subs(E=8, F=2, B=1, S=1).macs
        16
        """
        return cast("Report", hook("substitute")(self, sizes))

    def lambdify(self, /, *names: str, metric: str = "flops") -> Callable[..., Any]:
        """`metric` as a function of the named open sizes, over ints and NumPy arrays, in exact integers.

        >>> cost("[4, E] -> Linear(E, E)").lambdify("E", metric="macs")(8)
        256
        """
        return cast("Callable[..., Any]", hook("lambdify")(self, names, metric))


class PrintMethods:
    """A result that prints its table, 80 columns wide and without colours, and is data for JSON."""

    def __str__(self) -> str:
        return str(hook("render")(self, "table")).rstrip("\n")

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """What --json writes, as dicts, lists, numbers and texts: integers of any size, formulas as texts."""
        return cast("dict[str, Any]", hook("document_data")(self))


class RenderMethods(PrintMethods):
    """A result that also shows itself in a notebook, as a table or as a picture, and has rows.

    A notebook on a screen takes the HTML; one that is made into a paper takes the LaTeX, which needs amsmath.
    """

    def to_pandas(self) -> pandas.DataFrame:
        """The rows that --format csv writes, as a data frame: integers exactly.

        UsageError if pandas is missing: pip install pandas.
        """
        return cast("pandas.DataFrame", hook("data_frame")(self))

    def _repr_html_(self) -> str:
        return str(hook("render")(self, "html"))

    def _repr_latex_(self) -> str:
        return str(hook("render")(self, "latex"))

    def plot(self, metric: str = "", ranges: Mapping[str, range | tuple[int, int]] | None = None) -> Any:
        """The result as a picture, an altair.Chart: the same as --plot on the command line.

        A report or a comparison with an open size is drawn as curves along that size, such as
        compare("Linear(E, E)", "Linear(9, E)").plot("params", {"E": (1, 64)}). Without one, a report is
        drawn by its parts, and a comparison as bars. A match has its target, a sweep its Pareto front.

        Args:
            metric: The quantity of a report or a comparison, by its attribute of a report; FLOPs if empty.
            ranges: The values of an open size by its name: a range, or the first and the last one. The
                usual ones are those around the break-even points.

        Raises:
            UsageError: If the result has no picture, or Altair is missing: pip install 'convcost[plots]'.
        """
        return hook("plot")(self, metric, ranges)


class TableMethods:
    """A result with rows, as tables of other libraries: integers exactly, quotients as floats."""

    def arrow(self) -> pyarrow.Table:
        """The rows as a table of Arrow: integers of 64 bits or 38 digits.

        UsageError if pyarrow is missing: pip install 'convcost[sweep]'.
        """
        return hook("arrow_table")(self)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame of pandas: integers of 64 bits, or Python's where one is larger."""
        return cast("pandas.DataFrame", hook("pandas_table")(self))

    def pandas(self) -> pandas.DataFrame:
        """The same as to_pandas."""
        return self.to_pandas()

    def polars(self) -> polars.DataFrame:
        """The rows as a data frame of Polars: integers of 64 bits, or of 128 where one is larger."""
        return cast("polars.DataFrame", hook("polars_table")(self))
