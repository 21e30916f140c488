"""The errors convcost raises: each says what was expected and offers a way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from convcost.core.escapes import escape_to_ascii, make_lines_printable
from convcost.core.source_text import locate


class ConvcostError(Exception):
    """A request that cannot be answered; `hint` is the way out, one sentence.

    The command line shows `cli_hint` instead. All may quote what a user wrote: what would hide or move in it
    is escaped.
    """

    def __init__(self, message: str, *, hint: str = "", cli_hint: str = "") -> None:
        self.message = make_lines_printable(message)
        self.hint = make_lines_printable(hint)
        self.cli_hint = make_lines_printable(cli_hint) or self.hint
        super().__init__(self.message)

    @property
    def cli_text(self) -> str:
        """The text for the command line."""
        return str(self).removesuffix(self.hint) + self.cli_hint

    def __str__(self) -> str:
        return "\n".join(line for line in (self.message, self.hint) if line)


class UsageError(ConvcostError):
    """An option or an argument that does not fit the command."""


class WrongTypeError(UsageError, TypeError):
    """A value that is not of the kind that a function takes."""


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
    """A place in a spec that is wrong: the text, a caret under the place, a way out.

    Of a text from a file, the line that has the place is shown, with the file's name and the line's number.
    """

    def __init__(self, message: str, *, text: str, span: Span, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.span = span

    def __str__(self) -> str:
        line, *span = locate(self.text, *self.span)
        where = f"{line.where}: " if line.where else ""
        lines = (f"{where}{self.message}", *caret_lines(line.text, Span(*span)), self.hint)
        return "\n".join(line for line in lines if line)


WINDOW = 72


def caret_lines(text: str, span: Span) -> tuple[str, str]:
    """The text around `span`, of its line alone, and a line of carets under it."""
    first = text.rfind("\n", 0, span.start) + 1
    text, _, _ = text[first:].partition("\n")
    span = Span(span.start - first, min(span.end - first, len(text) + 1))
    start = max(0, min(span.start - WINDOW // 2, len(text) - WINDOW))
    before, place, after = (
        escape_to_ascii(text[start : span.start]),
        escape_to_ascii(text[span.start : min(span.end, start + WINDOW)]),
        escape_to_ascii(text[max(span.start, span.end) : start + WINDOW]),
    )
    opening = "..." if start else "> " if text.lstrip().startswith("::") else ""
    closing = "..." if start + WINDOW < len(text) else ""
    shown = f"  {opening}{before}{place}{after}{closing}"
    return shown, " " * (2 + len(opening) + len(before)) + "^" * max(1, len(place))


def unknown_name(
    message: str, name: str, known: Iterable[str], also_near: Iterable[str] = (), hint: str = ""
) -> UsageError:
    """That `message`, such as "no format is called", holds of `name`: with a near name, and all there are.

    A `hint` stands in place of these.
    """
    known = tuple(known)
    near = did_you_mean(name, (*known, *also_near))
    return UsageError(f"{message} {name[:40]}{near}", hint=hint or f"Choose from {', '.join(known)}.")


def did_you_mean(name: str, known: Iterable[str], before: str = "") -> str:
    """` (did you mean Conv1d?)` for the nearest known name, with `before` in front, or nothing.

    Several of one length that `name` is the beginning of are all named: Conv1d, Conv2d or Conv3d.
    """
    known = tuple(known)
    begun = [candidate for candidate in known if len(name) > 1 and _starts_with(candidate, name)]
    are_alike = 1 < len(begun) <= MOST_NEAR and len({*map(len, begun)}) == 1
    near = begun if are_alike else [nearest(name, known)]
    words = " or ".join(", ".join(f"{before}{each}" for each in near if each).rsplit(", ", 1))
    return f" (did you mean {words}?)" if words else ""


MOST_NEAR = 3


def nearest(name: str, known: Iterable[str], cutoff: float = 0.66) -> str:
    """The known name most like `name`, that it is the beginning of, or that alone has it; "" if none is."""
    from difflib import SequenceMatcher, get_close_matches

    by_lower = {candidate.lower(): candidate for candidate in known}
    lower = name[:64].lower()
    close = get_close_matches(lower, by_lower, n=MOST_NEAR, cutoff=cutoff)

    def likeness(candidate: str) -> tuple[float, float, int]:
        """Of the texts, of their letters in any order, and the place among those known."""
        same_letters = SequenceMatcher(None, sorted(candidate), sorted(lower)).ratio()
        return SequenceMatcher(None, candidate, lower).ratio(), same_letters, -[*by_lower].index(candidate)

    near = sorted(close, key=likeness, reverse=True)
    begun = [candidate for candidate in by_lower if len(name) > 1 and _starts_with(candidate, name)]
    having = [candidate for candidate in by_lower if len(name) > 2 and name.lower() in candidate]
    found = [*near, *begun, *(having if len(having) == 1 else ())]
    return by_lower[found[0]] if found else ""


def _starts_with(candidate: str, name: str) -> bool:
    return candidate.lower().startswith(name.lower())
