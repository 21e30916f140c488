"""Makes Markdown: headings, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"(`[^`]+`)")
SPECIAL = re.compile(r"([\\*_<>\[\]$#|~])")


def text(source: str) -> str:
    """`source` as Markdown, escaped except for backticks."""
    return "".join(
        part if CODE.fullmatch(part) else SPECIAL.sub(r"\\\1", part) for part in CODE.split(source)
    )


def code(source: object) -> str:
    """A code span that is safe in tables."""
    return f"`{source}`".replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = f"| {' | '.join('---' for _ in header)} |"
    return "\n".join([f"| {' | '.join(header)} |", rule, *lines, ""]) if lines else ""


def page(title: str, *parts: str) -> str:
    """A page with a title and its non-empty parts."""
    return "\n\n".join([f"# {title}", *(part.rstrip("\n") for part in parts if part)]) + "\n"
