"""What bounds a spec, so that no text hangs or fills memory."""

from __future__ import annotations

from convcost.core.errors import Span, SpecError
from convcost.core.type_checks import MOST_DIGITS
from convcost.layers.interface import MOST_DIMENSIONS

LONGEST_TEXT = 20_000
DEEPEST_NESTING = 40
MOST_LAYERS = 10_000
LARGEST_EXPONENT = 64
LONGEST_NAME = 64

OPENING, CLOSING = "([", ")]"


def check_text(text: str) -> None:
    """Refuse a text that is too long, or whose brackets nest too deep."""
    if len(text) > LONGEST_TEXT:
        message = f"the spec is {len(text):,} characters long; {LONGEST_TEXT:,} are the limit"
        raise SpecError(message, text=text, span=Span(LONGEST_TEXT, LONGEST_TEXT + 1))
    if sum(map(text.count, OPENING)) <= DEEPEST_NESTING:
        return
    depth = 0
    for place, character in enumerate(text):
        depth += (character in OPENING) - (character in CLOSING)
        if depth > DEEPEST_NESTING:
            message = f"brackets nest deeper than {DEEPEST_NESTING}"
            raise SpecError(message, text=text, span=Span(place, place + 1))


def check_digits(text: str, span: Span) -> None:
    """Refuse a literal with more digits than any size has."""
    if span.end - span.start > MOST_DIGITS:
        message = f"a number of {span.end - span.start} digits; {MOST_DIGITS} are the limit"
        raise SpecError(message, text=text, span=span)


def check_name(text: str, span: Span) -> None:
    """Refuse a name that fills a line."""
    if span.end - span.start > LONGEST_NAME:
        message = f"a name of {span.end - span.start} characters; {LONGEST_NAME} are the limit"
        raise SpecError(message, text=text, span=span)


def check_degree(degree: int, text: str, span: Span) -> None:
    """Refuse a size with higher powers of sizes than any number stays within bounds for."""
    if degree > LARGEST_EXPONENT:
        raise SpecError(f"an exponent of at most {LARGEST_EXPONENT} is possible", text=text, span=span)


def check_dimensions(dimensions: int, text: str, span: Span) -> None:
    """Refuse an input of more dimensions than torch has."""
    if dimensions > MOST_DIMENSIONS:
        raise SpecError(f"more than {MOST_DIMENSIONS} dimensions", text=text, span=span)
