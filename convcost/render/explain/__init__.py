"""An explanation in a format by name. A new one: a module of its own with `render`, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from convcost.analysis.explain.steps import Explanation
from convcost.core.errors import unknown_name
from convcost.render.interface import Style

FORMATS = ("table", "json", "markdown", "latex")


class Format(Protocol):
    """A module of this package with this function."""

    def render(self, explanation: Explanation, style: Style) -> str:
        """`explanation` as a text that ends with a line break."""


def check_format(name: str) -> None:
    """Refuse a name that no format has."""
    if name not in FORMATS:
        raise unknown_name("explain has no format called", name, FORMATS)


def render(explanation: Explanation, name: str, style: Style | None = None) -> str:
    """`explanation` in the format called `name`."""
    check_format(name)
    module = cast("Format", import_module(f"convcost.render.explain.{name}"))
    return module.render(explanation, style or Style())
