"""The errors of convcost: messages state what was expected, and hints how to proceed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from convcost.core.escapes import escape_to_ascii, make_lines_printable
from convcost.core.source_text import locate


class ConvcostError(Exception):
    """A request that cannot be answered; `hint` is a sentence on how to proceed.

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
    """An invalid option or argument."""


class WrongTypeError(UsageError, TypeError):
    """An argument of the wrong type."""


class UnboundSizeError(ConvcostError):
    """A size that needs a value and has none."""


class RequirementError(ConvcostError):
    """A layer with invalid arguments or an invalid input."""

    def __init__(self, message: str, *, hint: str = "", argument: str = "", step: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.argument = argument
        self.step = step


class Span(NamedTuple):
    """The characters `start` to `end` of a text."""

    start: int
    end: int


class SpecError(ConvcostError):
    """An error in a spec, shown as the text with carets under the span, and a hint.

    For a text from a file, shows the affected line, with file name and line number.
    """

    def __init__(self, message: str, *, text: str, span: Span, hint: str = "", cli_hint: str = "") -> None:
        super().__init__(message, hint=hint, cli_hint=cli_hint)
        self.text = text
        self.span = span

    def __str__(self) -> str:
        line, *span = locate(self.text, *self.span)
        where = f"{line.where}: " if line.where else ""
        lines = (f"{where}{self.message}", *caret_lines(line.text, Span(*span)), self.hint)
        return "\n".join(line for line in lines if line)


WINDOW = 72


def caret_lines(text: str, span: Span) -> tuple[str, str]:
    """The line of text with `span`, shortened around it, and a line of carets."""
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
    line = f"  {opening}{before}{place}{after}{closing}"
    return line, " " * (2 + len(opening) + len(before)) + "^" * max(1, len(place))


def join_words(words: Collection[str], last: str = "and") -> str:
    """FLOPs, parameters and activations; with another `last`, a, b or c."""
    *others, end = words or [""]
    return f"{', '.join(others)} {last} {end}" if others else end


def check_word(what: str, word: str, known: Sequence[str]) -> None:
    """UsageError if `word` is not one of the `known` values of an option or argument."""
    if word not in known:
        raise UsageError(
            f"{what} must be {join_words(known, 'or')}, not {word[:40]}{did_you_mean(word, known)}"
        )


def open_sizes_error(what: str, names: Sequence[str]) -> UsageError:
    """The error for `what`, which needs a number for each of the open sizes `names`."""
    examples = [f"{name}=8" for name in names]
    return UsageError(
        f"{what} needs a number for {join_words(names)}",
        hint=f"For example {', '.join(examples)}.",
        cli_hint=f"For example --{' --'.join(examples).replace('=', ' ')}.",
    )


def unknown_name(
    message: str,
    name: str,
    known: Iterable[str],
    also_near: Iterable[str] = (),
    hint: str = "",
    cli_hint: str = "",
) -> UsageError:
    """An error that starts with `message`, such as "no format is called", for an unknown `name`.

    Suggests a near name. The hint lists all known names unless `hint` is given.
    """
    known = tuple(known)
    near = did_you_mean(name, (*known, *also_near))
    hint = hint or f"Choose from {', '.join(known)}."
    return UsageError(f"{message} {name[:40]}{near}", hint=hint, cli_hint=cli_hint)


def did_you_mean(name: str, known: Iterable[str], before: str = "") -> str:
    """` (did you mean Conv1d?)` for the nearest known name, prefixed by `before`; "" if none is near.

    Up to three names of equal length that start with `name` are all suggested: Conv1d, Conv2d or Conv3d.
    """
    known = tuple(known)
    completions = [candidate for candidate in known if len(name) > 1 and _starts_with(candidate, name)]
    same_length = 1 < len(completions) <= MOST_NEAR and len({*map(len, completions)}) == 1
    near = completions if same_length else [nearest(name, known)]
    words = [f"{before}{each}" for each in near if each]
    return f" (did you mean {join_words(words, 'or')}?)" if words else ""


MOST_NEAR = 3


def nearest(name: str, known: Iterable[str], cutoff: float = 0.66) -> str:
    """The known name most similar to `name`, or starting with it, or the only one containing it; or ""."""
    from difflib import SequenceMatcher, get_close_matches

    by_lower = {candidate.lower(): candidate for candidate in known}
    lower = name[:64].lower()
    close = get_close_matches(lower, by_lower, n=MOST_NEAR, cutoff=cutoff)

    def similarity(candidate: str) -> tuple[float, float, int]:
        """Similarity of the texts, of their letters in any order, then the order of known names."""
        same_letters = SequenceMatcher(None, sorted(candidate), sorted(lower)).ratio()
        return SequenceMatcher(None, candidate, lower).ratio(), same_letters, -[*by_lower].index(candidate)

    near = sorted(close, key=similarity, reverse=True)
    completions = [candidate for candidate in by_lower if len(name) > 1 and _starts_with(candidate, name)]
    containing = [candidate for candidate in by_lower if len(name) > 2 and name.lower() in candidate]
    candidates = [*near, *completions, *(containing if len(containing) == 1 else ())]
    return by_lower[candidates[0]] if candidates else ""


def _starts_with(candidate: str, name: str) -> bool:
    return candidate.lower().startswith(name.lower())
