"""The errors convcost raises: each says what was expected and offers a way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from convcost.escapes import escaped, printable_lines


class ConvcostError(Exception):
    """A request that cannot be answered; `hint` is the way out, one sentence.

    Both may quote what a user wrote: what would hide or move in it is escaped.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = printable_lines(message)
        self.hint = printable_lines(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return "\n".join(line for line in (self.message, self.hint) if line)


class UsageError(ConvcostError):
    """An option or an argument that does not fit the command."""


class UnboundSizeError(ConvcostError):
    """A size that the question needs and nobody gave."""


class RequirementError(ConvcostError):
    """A layer that does not take its arguments or its input."""

    def __init__(self, message: str, *, hint: str = "", argument: str = "", step: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.argument = argument
        self.step = step


class Span(NamedTuple):
    """The characters `start` to `end` of a text."""

    start: int
    end: int


class SpecError(ConvcostError):
    """A place in a spec that is wrong: the text, a caret under the place, a way out."""

    def __init__(self, message: str, *, text: str, span: Span, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.span = span

    def __str__(self) -> str:
        lines = (self.message, *pointed(self.text, self.span), self.hint)
        return "\n".join(line for line in lines if line)


WINDOW = 72


def pointed(text: str, span: Span) -> tuple[str, str]:
    """The text around `span` on one line, and a line of carets under it."""
    start = max(0, min(span.start - WINDOW // 2, len(text) - WINDOW))
    before, place, after = (
        escaped(text[start : span.start]),
        escaped(text[span.start : min(span.end, start + WINDOW)]),
        escaped(text[max(span.start, span.end) : start + WINDOW]),
    )
    opening = "..." if start else "> " if text.lstrip().startswith("::") else ""
    closing = "..." if start + WINDOW < len(text) else ""
    shown = f"  {opening}{before}{place}{after}{closing}"
    return shown, " " * (2 + len(opening) + len(before)) + "^" * max(1, len(place))


def did_you_mean(name: str, known: Iterable[str], before: str = "") -> str:
    """` (did you mean Conv1d?)` for the nearest known name, with `before` in front, or nothing."""
    import difflib

    by_lower = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name[:64].lower(), by_lower, n=1, cutoff=0.6)
    return f" (did you mean {before}{by_lower[near[0]]}?)" if near else ""
