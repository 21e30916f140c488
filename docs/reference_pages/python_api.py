"""The Python API: a section for each public name, which Sphinx fills with its docstring."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isclass, isfunction

import convcost
from docs.reference_pages.markdown import page


def pages() -> Iterator[tuple[str, str]]:
    """The one page."""
    functions = [name for name in convcost.__all__ if isfunction(getattr(convcost, name))]
    classes = [name for name in convcost.__all__ if isclass(getattr(convcost, name))]
    sections = (
        *("## Functions", *(_directive("autofunction", name) for name in functions)),
        *("## Classes", *(_directive("autoclass", name) for name in classes)),
    )
    yield "python", page("Functions and classes", INTRODUCTION, *sections)


INTRODUCTION = """[Python API](../python.md) shows how to pass designs, with examples."""


def _directive(name: str, target: str) -> str:
    return f"```{{eval-rst}}\n.. {name}:: convcost.{target}\n```"
