"""Texts for a reader who has ASCII alone."""

from __future__ import annotations

import re

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


def plain(text: str) -> str:
    """`text` in ASCII; what has no spelling is a question mark."""
    return ROOT.sub(r"sqrt(\1)", text).translate(SPELLINGS).encode("ascii", "replace").decode()
