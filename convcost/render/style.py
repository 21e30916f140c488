"""The style of a rendered result: width, characters, colours, and what to show."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

ROOT = re.compile(r"√(\d[\d,]*|\w+)")
"""A root of a single number or name, which needs brackets when written as sqrt."""

SPELLINGS = str.maketrans(
    {
        **{"×": "x", "÷": "/", "·": "*", "−": "-", "–": "-", "→": "->", "…": "...", "↳": "-"},
        **{"⌊": "floor(", "⌋": ")", "≥": ">=", "≤": "<=", "≈": "~", "─": "-"},
        **{sign: f"^{power}" for power, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **{"√": "sqrt", "Σ": "sum", "½": "1/2", "ᵀ": "^T", "∓": "-+", "±": "+-", "Φ": "Phi", "π": "pi"},
        **{"α": "alpha", "β": "beta", "γ": "gamma", "λ": "lambda", "µ": "u", "σ": "sigma"},
    }
)


class View(NamedTuple):
    """The rows and columns of the table of a design's layers, submodules or operators.

    Attributes:
        depth: The number of levels; as many as fit a screen if None.
        sort: The quantity to sort by, or "path"; in order of execution if empty.
        filter: Only parts with this text in their path, class or name.
        by: What a row shows: a layer of a spec, or a submodule or an operator of a torch module.
        top: Only this number of largest parts, by `sort` or else by FLOPs; all if None.
        columns: Names of columns in `render/columns.py`; default columns if empty.
    """

    depth: int | None = None
    sort: str = ""
    filter: str = ""
    by: Literal["", "module", "operator", "layer"] = ""
    top: int | None = None
    columns: tuple[str, ...] = ()


UNLIMITED_WIDTH = 10_000
"""The width for formats without a line width."""

DEFAULT_VIEW = View()
"""All parts, in order of execution."""


class Style(NamedTuple):
    """How to render a result: the width in columns, colours, characters and contents.

    `layers` adds tables of every layer to a comparison. `part` selects a part of a document, for live
    displays. `view` selects rows and columns of one design's parts.
    """

    width: int = 80
    color: bool = False
    unicode: bool = True
    layers: bool = False
    part: Literal["all", "costs", "counters"] = "all"
    view: View = DEFAULT_VIEW


def as_ascii(text: str) -> str:
    """`text` in ASCII; unknown characters become question marks."""
    return ROOT.sub(r"sqrt(\1)", text).translate(SPELLINGS).encode("ascii", "replace").decode()
