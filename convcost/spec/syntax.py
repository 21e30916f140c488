"""The syntax tree of a spec, with unresolved names, and limits on its text.

Nodes are named tuples: a dozen frozen dataclasses would take a tenth of a command's start-up time.
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
    """A symbol, or a word such as `same`, depending on the argument."""

    name: str
    span: Span


class Sum(NamedTuple):
    """Terms with signs, +1 or −1."""

    terms: tuple[tuple[int, Expression], ...]
    span: Span


class Product(NamedTuple):
    """A first factor, then pairs of an operator (`*`, `/` or `//`) and a factor, from left to right."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]
    span: Span


class Power(NamedTuple):
    """A base to the power of a small integer."""

    base: Expression
    exponent: int
    span: Span


Expression: TypeAlias = Number | Name | Sum | Product | Power


def degree(expression: Expression) -> int:
    """The degree of the expression as a polynomial in sizes; a divisor counts like a factor."""
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
    """A number with a decimal point or an exponent, as written."""

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
    """A call of a layer, a function or a definition; `branches` are its inputs, if given."""

    kind: str
    arguments: tuple[Argument, ...]
    span: Span
    branches: tuple[Branch, ...] = ()


class Input(NamedTuple):
    """A further input, by its shape."""

    sizes: tuple[Expression, ...]
    span: Span


class Branch(NamedTuple):
    """Steps on the input of a call; without steps, the input itself."""

    steps: tuple[Step, ...]
    span: Span


class Repeat(NamedTuple):
    """A chain of steps, repeated `times` times."""

    times: int
    steps: tuple[Step, ...]
    span: Span


Step: TypeAlias = Call | Repeat | Input


class Definition(NamedTuple):
    """A named chain with parameters; `span` is that of the name, `extent` that of the whole definition."""

    name: str
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    span: Span
    extent: Span


class Candidate(NamedTuple):
    """A complete spec: definitions, an optional name, an optional input shape, and the steps.

    `body` is the position in `text` after the name.
    """

    name: str
    input: tuple[Expression, ...]
    steps: tuple[Step, ...]
    text: str
    body: int
    definitions: tuple[Definition, ...] = ()


def parts(value: Value) -> Iterator[Value]:
    """A value and all its parts, from left to right."""
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
    """All names in a value, from left to right."""
    return (part for part in parts(value) if isinstance(part, Name))


def check_text(text: str) -> None:
    """Raise SpecError for a text that is too long, or nests too deeply."""
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
    """Raise SpecError for a number with too many digits."""
    if span.end - span.start > MOST_DIGITS:
        message = f"a number of {span.end - span.start} digits; the limit is {MOST_DIGITS}"
        raise SpecError(message, text=text, span=span)


def check_name(text: str, span: Span) -> None:
    """Raise SpecError for a name that is too long."""
    if span.end - span.start > LONGEST_NAME:
        message = f"a name of {span.end - span.start} characters; the limit is {LONGEST_NAME}"
        raise SpecError(message, text=text, span=span)


def check_degree(degree: int, text: str, span: Span) -> None:
    """Raise SpecError for an expression of too high a degree."""
    if degree > LARGEST_EXPONENT:
        raise SpecError(f"the largest exponent is {LARGEST_EXPONENT}", text=text, span=span)


def check_dimensions(dimensions: int, text: str, span: Span) -> None:
    """Raise SpecError for an input with more dimensions than torch allows."""
    if dimensions > MOST_DIMENSIONS:
        raise SpecError(f"more than {MOST_DIMENSIONS} dimensions", text=text, span=span)
