"""Shortens names of designs and layers for charts."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.core.escapes import make_printable

LONGEST_NAME = 48
"""The most characters of a name in a picture; tooltips in HTML show more."""


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """`text` on one line, with its middle left out if it is too long."""
    ends = f"{text[: 2 * longest]}{text[-2 * longest :]}" if len(text) > 4 * longest else text
    text = make_printable(ends)
    if len(text) <= longest:
        return text
    return f"{text[: longest - 8]}…{text[-7:]}"


def distinct_names(names: Sequence[str], longest: int = LONGEST_NAME) -> tuple[str, ...]:
    """The names, shortened, with numbers where several would be equal."""
    short = [shorten(name, longest) for name in names]
    return tuple(
        f"{name} #{place + 1}" if short.count(name) > 1 else name for place, name in enumerate(short)
    )
