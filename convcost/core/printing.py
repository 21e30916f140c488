"""Results that show themselves, by the formats of the package."""

from __future__ import annotations

from convcost.core.hooks import hook


class Printed:
    """A result that prints its table, and shows it in a notebook.

    A notebook on a screen takes the HTML; one that is made into a paper takes the LaTeX, which needs amsmath.
    """

    def __str__(self) -> str:
        return str(hook("render")(self, "table")).rstrip("\n")

    def _repr_html_(self) -> str:
        return str(hook("render")(self, "html"))

    def _repr_latex_(self) -> str:
        return str(hook("render")(self, "latex"))
