"""Renders results in a format, by its name. To add one: a module with `render`, and its name in `FORMATS`."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from convcost.core.errors import unknown_name
from convcost.core.report import Report
from convcost.render.kinds import FORMATS, Result, kind_of
from convcost.render.style import Style

__all__ = ["FORMATS", "check_format", "render"]


class Format(Protocol):
    """The interface of a format's module."""

    def render(self, result: Result, style: Style) -> str:
        """`result` as text that ends with a line break."""


def check_format(name: str, kind: type = Report) -> None:
    """UsageError for a format that results of this kind don't have."""
    shown = kind_of(kind)
    if name not in shown.formats:
        problem = f"{shown.command} has no format called" if shown.command else "no format is called"
        raise unknown_name(problem, name, shown.formats)


def render(result: Result, name: str, style: Style | None = None) -> str:
    """`result` in the format called `name`."""
    check_format(name, type(result))
    module = cast("Format", import_module(f"convcost.render.{name}"))
    return module.render(result, style or Style())
