"""The tree a spec is parsed into: sizes, arguments, layers, chains. Frozen data, no names resolved.

Named tuples, since a dozen frozen dataclasses would be a tenth of a command's start-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from convcost.core.errors import Span


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


class Real(NamedTuple):
    """A number with a point or an exponent, as it was written."""

    text: str


class Word(NamedTuple):
    """A quoted string."""

    text: str


class Constant(NamedTuple):
    """True, False or None."""

    value: bool | None


class Several(NamedTuple):
    """A tuple or list of sizes."""

    items: tuple[Constant | Expression, ...]


Value: TypeAlias = Expression | Real | Word | Constant | Several


class Argument(NamedTuple):
    """One argument of a layer; `name` is empty for a positional one."""

    name: str
    value: Value
    span: Span


class Call(NamedTuple):
    """A layer with its arguments."""

    kind: str
    arguments: tuple[Argument, ...]
    span: Span


class Repeat(NamedTuple):
    """A chain of steps, `times` over."""

    times: int
    steps: tuple[Step, ...]
    span: Span


Step: TypeAlias = Call | Repeat


class Candidate(NamedTuple):
    """A whole spec: an optional name, an optional input shape, and the steps.

    `body` is where in `text` the part behind the name starts.
    """

    name: str
    input: tuple[Expression, ...]
    steps: tuple[Step, ...]
    text: str
    body: int


def names(value: Value) -> Iterator[Name]:
    """Every name in a value, in the order of reading."""
    match value:
        case Name():
            yield value
        case Sum(terms=terms):
            for _, term in terms:
                yield from names(term)
        case Product(first=first, rest=rest):
            yield from names(first)
            for _, factor in rest:
                yield from names(factor)
        case Power(base=base):
            yield from names(base)
        case Several(items=items):
            for item in items:
                yield from names(item)
