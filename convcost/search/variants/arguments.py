"""Swept constructor arguments: parses each `--over-arg`, and makes all combinations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import isfinite, prod
from typing import Any, NamedTuple

from convcost.core.errors import UsageError
from convcost.core.sweep import plain_argument
from convcost.core.type_checks import check_size_names, check_type
from convcost.search.grid import parse_values
from convcost.tracing.target.target import parse_argument_value

MOST_VARIANTS = 10**5
"""The most combinations of arguments: at a hundred per second, a quarter of an hour."""

OVER_ARG_HINT = "Write it as width=64:512:64, depth=2^1..2^4 or activation=relu,gelu."

RANGE = re.compile(r"[\s\d]+:[\s\d:]+|[\s\d^*]+\.\.[\s\d^*]+")

Arguments = Mapping[str, Any]

NO_ARGUMENTS: Arguments = {}


class ArgumentAxis(NamedTuple):
    """The values of one argument, as given in `text`."""

    name: str
    values: tuple[Any, ...]
    text: str

    @property
    def is_numeric(self) -> bool:
        """Whether all its values are numbers, which conditions and orders can use."""
        return all(map(is_number, self.values))


def is_number(value: Any) -> bool:
    """Whether `value` is an int, a finite float or a bool."""
    return type(value) in (int, bool) or (type(value) is float and isfinite(value))


def exact_number(value: float) -> int | Fraction:
    """The exact number of a value."""
    found = Fraction(value)
    return int(found) if found.denominator == 1 else found


def parse_argument_axis(text: str) -> ArgumentAxis:
    """axis: NAME "=" value ("," value)*, where value: a range or powers as in --over | a value as in --arg"""
    name, equals, values = text.partition("=")
    if not equals or not name.strip().isidentifier() or not values.strip():
        raise UsageError(f"--over-arg {text[:60]} is not an argument with its values", hint=OVER_ARG_HINT)
    return _axis(name.strip(), _parse_values(name.strip(), values, text, len(name) + 1), values.strip())


def _parse_values(name: str, values: str, text: str, offset: int) -> Iterator[Any]:
    for part in _split(values):
        if not part.strip():
            raise UsageError(f"{text[:60]}: a value is missing", hint=OVER_ARG_HINT)
        if RANGE.fullmatch(part):
            axis = parse_values(name, part, text, offset)
            _check_number(len(axis))
            yield from (size for sizes in axis.parts if isinstance(sizes, range) for size in sizes)
        else:
            yield parse_argument_value(part.strip())
        offset += len(part) + 1


def _split(values: str) -> Iterator[str]:
    """Split at commas, except within brackets or quotes."""
    part = ""
    for piece in values.split(","):
        part = f"{part},{piece}" if part else piece
        if not _is_cut(part.strip()):
            yield part
            part = ""
    if part:
        raise UsageError(f"{part[:60]}: a bracket or a quote is not closed", hint=OVER_ARG_HINT)


def _is_cut(part: str) -> bool:
    """Whether a bracket or a quote is still open at the end."""
    is_quoted = part[:1] in ("'", '"')
    is_open = any(part.count(pair[0]) > part.count(pair[1]) for pair in ("()", "[]"))
    return part.count(part[0]) % 2 == 1 if is_quoted else is_open


def _axis(name: str, values: Iterable[Any], text: str) -> ArgumentAxis:
    axis = ArgumentAxis(name, tuple(values), text)
    _check_number(len(axis.values))
    if len({(type(value), repr(value)) for value in axis.values}) < len(axis.values):
        raise UsageError(f"{name}={text[:60]}: a value is given twice")
    return axis


def argument_axes(over_args: Mapping[str, Any]) -> tuple[ArgumentAxis, ...]:
    """The axes of arguments given in Python: a text, a range, or a list of any values."""
    hint = 'For example, over_args={"width": range(64, 513, 64), "bias": [True, False]}.'
    named = check_type("over_args", over_args, Mapping, "a mapping", hint)
    return tuple(_values_axis(name, named[name], hint) for name in check_size_names(named))


def _values_axis(name: str, values: Any, hint: str) -> ArgumentAxis:
    wanted = "a string, a range or a list"
    listed = check_type(f"over_args {name}", values, (str, list, tuple, range), wanted, hint)
    if not listed or (isinstance(listed, str) and not listed.strip()):
        raise UsageError(f"{name} has no values in over_args", hint=hint)
    if isinstance(listed, str):
        return parse_argument_axis(f"{name}={listed}")
    return _axis(name, listed, ",".join(str(plain_argument(value)) for value in listed))


def combinations(axes: Sequence[ArgumentAxis]) -> list[Arguments]:
    """All combinations of the arguments' values; the last argument changes fastest."""
    names = [axis.name for axis in axes]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise UsageError(f"--over-arg {twice} is given twice", hint="Write all its values in one: width=8,16")
    _check_number(prod(len(axis.values) for axis in axes))
    return [dict(zip(names, values, strict=True)) for values in product(*(axis.values for axis in axes))]


def _check_number(number: int) -> None:
    if number > MOST_VARIANTS:
        message = f"{number:,} combinations of arguments; the limit is {MOST_VARIANTS:,}"
        raise UsageError(message, hint="Take larger steps, or fewer arguments.")
