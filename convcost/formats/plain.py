"""Texts for a reader who has ASCII alone."""

from __future__ import annotations

import re

from convcost.formats.document import Document, Fact, Line, Section, Table

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


def spelled_out(document: Document) -> Document:
    """`document` with every text in ASCII, before widths are measured."""
    return Document(
        heading=tuple((plain(label), plain(text)) for label, text in document.heading),
        costs=_section(document.costs),
        counters=_section(document.counters),
        facts=tuple(Fact(plain(label), plain(text)) for label, text in document.facts),
        beside=tuple(map(_section, document.beside)),
    )


def _section(section: Section) -> Section:
    return Section(tuple(map(_table, section.tables)), tuple(map(plain, section.notes)))


def _table(table: Table) -> Table:
    return table._replace(columns=tuple(map(plain, table.columns)), lines=tuple(map(_line, table.lines)))


def _line(line: Line) -> Line:
    return line._replace(label=plain(line.label), cells=tuple(map(plain, line.cells)))
