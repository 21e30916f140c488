"""The output formats by name. A new one: a module of its own with `render`, and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from convcost.core.errors import unknown_name
from convcost.render.interface import Format, Result, Style

FORMATS = ("table", "json", "markdown", "csv", "html", "latex")


def check_format(name: str) -> None:
    """Refuse a name that no format has."""
    if name not in FORMATS:
        raise unknown_name("no format is called", name, FORMATS)


def render(result: Result, name: str, style: Style | None = None) -> str:
    """`result` in the format called `name`."""
    check_format(name)
    module = cast("Format", import_module(f"convcost.render.{name}"))
    return module.render(result, style or Style())
