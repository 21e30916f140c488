"""The syntax tree of a spec, as frozen data with no names resolved, and the limits on its text.

Named tuples, since a dozen frozen dataclasses would be a tenth of a command's start-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from convcost.core.errors import Span, SpecError
from convcost.core.type_checks import MOST_DIGITS
from convcost.layers.interface import MOST_DIMENSIONS

LONGEST_TEXT = 20_000
DEEPEST_NESTING = 40
MOST_LAYERS = 10_000
LARGEST_EXPONENT = 64
LONGEST_NAME = 64

OPENING, CLOSING = "([", ")]"


class Number(NamedTuple):
    """A whole number."""

    value: int


class Name(NamedTuple):
    """A symbol, or a word such as `same`: which of them, the argument it is given to decides."""

    name: str
    span: Span


class Sum(NamedTuple):
    """Terms, each with the sign +1 or −1."""

    terms: tuple[tuple[int, Expression], ...]
    span: Span


class Product(NamedTuple):
    """A first factor, then operators `*`, `/` or `//` with one factor each, from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span


class Power(NamedTuple):
    """A base to the power of a small whole number."""

    base: Expression
    exponent: int
    span: Span


Expression: TypeAlias = Number | Name | Sum | Product | Power


def degree(expression: Expression) -> int:
    """The highest power of sizes in it once it is multiplied out; a divisor counts as a factor does."""
    match expression:
        case Number():
            return 0
        case Name():
            return 1
        case Sum(terms=terms):
            return max(degree(term) for _, term in terms)
        case Product(first=first, rest=rest):
            return degree(first) + sum(degree(factor) for _, factor in rest)
        case Power(base=base, exponent=exponent):
            return degree(base) * exponent


class Float(NamedTuple):
    """A number with a point or an exponent, as it was written."""

    text: str


class String(NamedTuple):
    """A quoted string."""

    text: str


class Constant(NamedTuple):
    """True, False or None."""

    value: bool | None


class TupleValue(NamedTuple):
    """A tuple or list of sizes, or of numbers."""

    items: tuple[Constant | Float | Expression, ...]


Value: TypeAlias = Expression | Float | String | Constant | TupleValue


class Argument(NamedTuple):
    """One argument of a layer; `name` is empty for a positional one."""

    name: str
    value: Value
    span: Span


class Call(NamedTuple):
    """A layer, a function or a definition with its arguments; with `branches` it takes what these give."""

    kind: str
    arguments: tuple[Argument, ...]
    span: Span
    branches: tuple[Branch, ...] = ()


class Input(NamedTuple):
    """A shape within a design: a further input."""

    sizes: tuple[Expression, ...]
    span: Span


class Branch(NamedTuple):
    """Steps on what comes into a call; none pass it on."""

    steps: tuple[Step, ...]
    span: Span


class Repeat(NamedTuple):
    """A chain of steps, `times` over."""

    times: int
    steps: tuple[Step, ...]
    span: Span


Step: TypeAlias = Call | Repeat | Input


class Definition(NamedTuple):
    """A chain with a name, in sizes of its own; `span` is the name's place, `extent` that of all of it."""

    name: str
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    span: Span
    extent: Span


class Candidate(NamedTuple):
    """A whole spec: definitions, an optional name, an optional input shape, and the steps.

    `body` is where in `text` the part behind the name starts.
    """

    name: str
    input: tuple[Expression, ...]
    steps: tuple[Step, ...]
    text: str
    body: int
    definitions: tuple[Definition, ...] = ()


def parts(value: Value) -> Iterator[Value]:
    """A value and everything that it is made of, in the order of reading."""
    yield value
    match value:
        case Sum(terms=terms):
            for _, term in terms:
                yield from parts(term)
        case Product(first=first, rest=rest):
            yield from parts(first)
            for _, factor in rest:
                yield from parts(factor)
        case Power(base=base):
            yield from parts(base)
        case TupleValue(items=items):
            for item in items:
                yield from parts(item)


def names(value: Value) -> Iterator[Name]:
    """Every name in a value, in the order of reading."""
    return (part for part in parts(value) if isinstance(part, Name))


def check_text(text: str) -> None:
    """Refuse a text that is too long, or whose brackets nest too deep."""
    if len(text) > LONGEST_TEXT:
        message = f"the spec is {len(text):,} characters long; the limit is {LONGEST_TEXT:,}"
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
        message = f"a number of {span.end - span.start} digits; the limit is {MOST_DIGITS}"
        raise SpecError(message, text=text, span=span)


def check_name(text: str, span: Span) -> None:
    """Refuse a name that fills a line."""
    if span.end - span.start > LONGEST_NAME:
        message = f"a name of {span.end - span.start} characters; the limit is {LONGEST_NAME}"
        raise SpecError(message, text=text, span=span)


def check_degree(degree: int, text: str, span: Span) -> None:
    """Refuse a size with higher powers of sizes than any number stays within bounds for."""
    if degree > LARGEST_EXPONENT:
        raise SpecError(f"the largest exponent is {LARGEST_EXPONENT}", text=text, span=span)


def check_dimensions(dimensions: int, text: str, span: Span) -> None:
    """Refuse an input of more dimensions than torch has."""
    if dimensions > MOST_DIMENSIONS:
        raise SpecError(f"more than {MOST_DIMENSIONS} dimensions", text=text, span=span)
