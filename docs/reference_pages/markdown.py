"""Markdown of plain text: headings, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"(`[^`]+`)")
SPECIAL = re.compile(r"([\\*_<>\[\]$#|~])")


def text(source: str) -> str:
    """A text in which only what is in backticks is markup."""
    return "".join(
        part if CODE.fullmatch(part) else SPECIAL.sub(r"\\\1", part) for part in CODE.split(source)
    )


def code(source: object) -> str:
    """A code span, in a table too."""
    return f"`{source}`".replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing if it has no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = f"| {' | '.join('---' for _ in header)} |"
    return "\n".join([f"| {' | '.join(header)} |", rule, *lines, ""]) if lines else ""


def page(title: str, *parts: str) -> str:
    """A page of its parts, those that are empty left out."""
    return "\n\n".join([f"# {title}", *(part.rstrip("\n") for part in parts if part)]) + "\n"
