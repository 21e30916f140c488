"""Text whose lines know where they come from, for error messages that point into it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple


class SourceLine(NamedTuple):
    """A line and its location, such as `designs.txt:3`; "" for a line from the command line."""

    text: str
    where: str = ""


class SourceText(str):
    """Lines joined into one text, with the location of each."""

    __slots__ = ("_lines", "_starts")
    _lines: tuple[SourceLine, ...]
    _starts: tuple[int, ...]

    @classmethod
    def joined(cls, lines: Iterable[SourceLine], separators: Iterable[str]) -> SourceText:
        """The lines, joined with the separators."""
        parts, text, starts = tuple(lines), "", []
        for line, separator in zip(parts, (*separators, ""), strict=True):
            starts.append(len(text))
            text += line.text + separator
        joined = cls(text)
        joined._lines, joined._starts = parts, tuple(starts)
        return joined

    @property
    def lines(self) -> tuple[SourceLine, ...]:
        """The lines with their locations."""
        return self._lines

    @property
    def where(self) -> str:
        """The location of the first line."""
        return self._lines[0].where

    def locate(self, start: int, end: int) -> tuple[SourceLine, int, int]:
        """The line in which a span starts, and the span's start and end in that line."""
        number = bisect_right(self._starts, start) - 1
        line, before = self._lines[number], self._starts[number]
        begin = min(start - before, len(line.text))
        return line, begin, max(begin, min(end - before, len(line.text)))


def locate(text: str, start: int, end: int) -> tuple[SourceLine, int, int]:
    """The line that an error shows for a span of `text`, which is all of a text that is not from a file."""
    return text.locate(start, end) if isinstance(text, SourceText) else (SourceLine(text), start, end)
