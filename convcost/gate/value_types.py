"""What a value in a TOML file may be: one declaration refuses what is wrong, and is the JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import log10
from typing import Any, NamedTuple, Protocol, cast

from convcost.gate.toml_positions import KeyPath
from convcost.layers.interface import LARGEST_SIZE

Schema = dict[str, Any]

MOST_DIGITS = 60
"""Of a number with a point, and places after it."""

LONG_BITS = 1000
"""A whole number of more is not written out."""


class ConfigIssue(NamedTuple):
    """What is wrong at the key that `path` leads to, and the way out."""

    path: KeyPath
    message: str
    hint: str = ""


class Kind(Protocol):
    """A kind of value; `wanted` names it: "a text"."""

    @property
    def wanted(self) -> str:
        """The kind in words."""

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """What is wrong with `value`, and where."""

    def schema(self) -> Schema:
        """The JSON Schema of such values."""


class Plain(NamedTuple):
    """A value without parts, of one of the Python types that TOML gives."""

    wanted: str
    types: tuple[type, ...]
    named: str
    minimum: int | None = None
    maximum: int | None = None

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """A truth value is no number."""
        if not isinstance(value, self.types) or (isinstance(value, bool) and bool not in self.types):
            yield ConfigIssue(path, f"takes {self.wanted}, not {kind_of(value)}")
        elif self.minimum is not None:
            yield from self._beyond(cast("int | Decimal", value), path, self.minimum)

    def _beyond(self, value: int | Decimal, path: KeyPath, minimum: int) -> Iterator[ConfigIssue]:
        """What is no number, or larger than anything, is not computed with."""
        if isinstance(value, Decimal) and not value.is_finite():
            yield ConfigIssue(path, f"is {value}; a number is needed")
        elif value < minimum:
            yield ConfigIssue(path, f"is {_short(value)}; at least {minimum} is needed")
        elif self.maximum is not None and value > self.maximum:
            yield ConfigIssue(path, f"is {_short(value)}; at most {self.maximum:.0e} is possible")
        elif isinstance(value, Decimal) and _is_long(value):
            yield ConfigIssue(path, f"is a number of more than {MOST_DIGITS} digits")

    def schema(self) -> Schema:
        """With the least and the largest value, if there are any."""
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {"type": self.named, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _short(value: int | Decimal) -> str:
    if isinstance(value, int) and value.bit_length() > LONG_BITS:
        return f"{'-' * (value < 0)}1e+{int((value.bit_length() - 1) * log10(2))} or more"
    number = Decimal(value)
    return f"{number:.3e}" if number.adjusted() >= 20 else str(value)


def _is_long(value: Decimal) -> bool:
    """Whether it has so many digits, or places after the point, that an exact fraction is out of reach."""
    _, digits, exponent = value.as_tuple()
    return value != 0 and (len(digits) > MOST_DIGITS or int(exponent) < -MOST_DIGITS)


TEXT = Plain("a text", (str,), "string")
FLAG = Plain("true or false", (bool,), "boolean")
PERCENT = Plain('a text such as "1%"', (str,), "string")
WHOLE = Plain("a whole number", (int,), "integer", 0, 10**300)
SECONDS = Plain("a number of seconds", (int, Decimal), "number", 1, 10**7)
SIZE = Plain("a whole number", (int,), "integer", 1, LARGEST_SIZE)
NUMBER = Plain("a number", (int, Decimal), "number", 0, 10**40)


def kind_of(value: object) -> str:
    """What `value` is, in words."""
    words: dict[tuple[type, ...], str] = {
        (bool,): "true" if value else "false",
        (str,): "a text",
        (int, float, Decimal): "a number",
        (list,): "a list",
        (Mapping,): "a table",
        (date, datetime, time): "a date",
    }
    return next(text for types, text in words.items() if isinstance(value, types))
