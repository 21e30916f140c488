"""Texts that contain formulas and code, which formats may write in their own notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

MATH_TOKEN = (
    r"(?P<number>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?:e-?[0-9]+)?)"
    r"|(?P<words>[^\W\d][^\W⁰¹²³⁴-⁹]+(?: [^\W\d][^\W⁰¹²³⁴-⁹]*)*)|(?P<space> )|(?P<sign>(?s:.))"
)
"""A pattern for tokens of a formula outside its expressions. A word has at least two letters."""


class Expression(NamedTuple):
    """A formula in open sizes within a text; `grouped` separates thousands in its numbers."""

    value: Any
    grouped: bool = True


class MathText(str):
    """A formula as people read it: 20·B·S·E², (B·S, E, L), 6.00×.

    `parts` are what it is made of, for a format with a notation of its own: signs, words and numbers as
    texts, and expressions.
    """

    __slots__ = ("parts",)
    parts: tuple[str | Expression, ...]

    def __new__(cls, text: str, parts: tuple[str | Expression, ...] = ()) -> MathText:
        """`text` with its parts; without parts, it is its own part."""
        made = super().__new__(cls, text)
        made.parts = tuple(part for part in parts if part) or (text,)
        return made

    @classmethod
    def joined(cls, separator: str, texts: Iterable[str]) -> MathText:
        """All of `texts`, with `separator` between them."""
        listed = list(texts)
        parts = [part for text in listed for part in (separator, *parts_of(text))]
        return cls(separator.join(listed), tuple(parts[1:]))


def parts_of(text: str) -> tuple[str | Expression, ...]:
    """The parts of a text within a formula."""
    return text.parts if isinstance(text, MathText) else (text,)


class CodeText(str):
    """Code within a text, such as a layer with its arguments."""

    __slots__ = ()


class CommandText(str):
    """A note that is a command: it stays on one line however long, so that it can be copied."""

    __slots__ = ()


class MixedText(str):
    """A text with formulas or code in it: its `pieces` are words, MathTexts and CodeTexts."""

    __slots__ = ("pieces",)
    pieces: tuple[str, ...]

    def __new__(cls, *pieces: str) -> MixedText:
        """All of `pieces`, one after the other."""
        made = super().__new__(cls, "".join(pieces))
        made.pieces = tuple(inner for piece in pieces for inner in pieces_of(piece))
        return made

    @classmethod
    def joined(cls, separator: str, texts: Iterable[str]) -> MixedText:
        """All of `texts`, with `separator` between them."""
        return cls(*[piece for text in texts for piece in (separator, text)][1:])


def pieces_of(text: str) -> tuple[str, ...]:
    """The pieces of a text."""
    return text.pieces if isinstance(text, MixedText) else (text,)


def map_text(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to `text` piece by piece; a changed formula becomes a plain string."""
    if isinstance(text, MixedText):
        return MixedText(*(map_text(piece, change) for piece in text.pieces))
    changed = change(text)
    if changed == text:
        return text
    return type(text)(changed) if isinstance(text, CodeText | CommandText) else changed
