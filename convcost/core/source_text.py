"""A text of which each line has a place, in a file or on a command line, for messages that point into it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class SourceLine(NamedTuple):
    """A line, and where it is, such as `designs.txt:3`; nothing for one from a command line."""

    text: str
    where: str = ""


class SourceText(str):
    """Lines as one text, each with its place."""

    __slots__ = ("_lines", "_starts")
    _lines: tuple[SourceLine, ...]
    _starts: tuple[int, ...]

    @classmethod
    def joined(cls, lines: Iterable[SourceLine], separators: Iterable[str]) -> SourceText:
        """The lines, each with its separator behind it, but for the last one."""
        kept, text, starts = tuple(lines), "", []
        for line, separator in zip(kept, (*separators, ""), strict=True):
            starts.append(len(text))
            text += line.text + separator
        made = cls(text)
        made._lines, made._starts = kept, tuple(starts)
        return made

    @property
    def lines(self) -> tuple[SourceLine, ...]:
        """Each of them."""
        return self._lines

    @property
    def where(self) -> str:
        """Where it begins."""
        return self._lines[0].where

    def locate(self, start: int, end: int) -> tuple[SourceLine, int, int]:
        """The line in which a place begins, and where in this line it begins and ends."""
        number = bisect_right(self._starts, start) - 1
        line, before = self._lines[number], self._starts[number]
        begin = min(start - before, len(line.text))
        return line, begin, max(begin, min(end - before, len(line.text)))


def locate(text: str, start: int, end: int) -> tuple[SourceLine, int, int]:
    """The line that a message about a place in `text` shows: all of a text that was not read from a file."""
    return text.locate(start, end) if isinstance(text, SourceText) else (SourceLine(text), start, end)
