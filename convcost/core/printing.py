"""How results show themselves: the one place below the formats that reaches up to them, when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from convcost.render.interface import Result


class Printed:
    """A result that prints its table, and shows it in a notebook.

    A notebook on a screen takes the HTML; one that is made into a paper takes the LaTeX, which needs amsmath.
    """

    def __str__(self) -> str:
        from convcost.render import render

        return render(cast("Result", self), "table").rstrip("\n")

    def _repr_html_(self) -> str:
        from convcost.render import render

        return render(cast("Result", self), "html")

    def _repr_latex_(self) -> str:
        from convcost.render import render

        return render(cast("Result", self), "latex")
