"""How a result will be read: how wide, in which characters, and how much of it."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

ROOT = re.compile(r"√(\d[\d,]*|\w+)")
"""A root of a single number or name, which needs brackets once its sign is a word."""

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
    """Which lines and columns the table of a design's parts has: its layers, submodules or operators.

    Attributes:
        depth: How many levels; as many as a screen has room for if None.
        sort: The quantity to sort by; in order of running if empty.
        filter: Only parts with this text in their path, class or name.
        by: What a line is about: the layers of a spec, the submodules or the operators of a torch module.
        top: How many of the largest parts, by `sort` or else by FLOPs; all if None.
        columns: Columns by name, as `render/columns.py` has them; the usual ones if there are none.
    """

    depth: int | None = None
    sort: str = ""
    filter: str = ""
    by: Literal["", "module", "operator", "layer"] = ""
    top: int | None = None
    columns: tuple[str, ...] = ()


UNLIMITED_WIDTH = 10_000
"""For a format without lines of its own, in which every column has room."""

DEFAULT_VIEW = View()
"""All parts, in order of running."""


class Style(NamedTuple):
    """How the text will be read: on how wide a screen, with colour or without, in which characters.

    `layers` asks for every layer of a comparison's candidates. `part` is what a screen that fills in
    bit by bit shows at once. `view` is of one design's parts.
    """

    width: int = 80
    color: bool = False
    unicode: bool = True
    layers: bool = False
    part: Literal["all", "costs", "counters"] = "all"
    view: View = DEFAULT_VIEW


def as_ascii(text: str) -> str:
    """`text` in ASCII; what has no spelling is a question mark."""
    return ROOT.sub(r"sqrt(\1)", text).translate(SPELLINGS).encode("ascii", "replace").decode()
