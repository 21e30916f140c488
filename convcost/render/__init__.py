"""The output formats by name. A new one: a module of its own with `render`, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from convcost.core.errors import UsageError, did_you_mean
from convcost.render.interface import Format, Result, Style

FORMATS = ("table", "json", "markdown", "csv", "html", "latex")


def check_format(name: str) -> None:
    """Refuse a name that no format has."""
    if name not in FORMATS:
        message = f"no format is called {name[:40]}{did_you_mean(name, FORMATS)}"
        raise UsageError(message, hint=f"There are {', '.join(FORMATS)}.")


def render(result: Result, name: str, style: Style | None = None) -> str:
    """`result` in the format called `name`."""
    check_format(name)
    module = cast("Format", import_module(f"convcost.render.{name}"))
    return module.render(result, style or Style())
