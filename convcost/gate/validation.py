"""Finds all issues in a TOML table by the typed record that describes it.

`msgspec.convert` makes the record, but it stops at the first error, does not name the wrong key of a table
with free names, and has no bounds beyond 64 bits. So a walk over the same types finds every issue first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isnan, log10
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from convcost.core.errors import did_you_mean, join_words
from convcost.core.record_fields import KeyType, is_record, key_type, record_keys, required_keys
from convcost.gate.limit import LIMITED_METRICS, LIMITS, RATIOS
from convcost.gate.toml_positions import KeyPath

FEW_WORDS = 3
"""Up to this many words are joined by "or"; more are a list."""

SYNONYMS = {
    **dict.fromkeys(("counter", "counters", "crosscheck"), "agree_with"),
    **dict.fromkeys(("module", "network", "target"), "model"),
    **dict.fromkeys(("hardware", "machine", "machines"), "devices"),
    "design": "spec",
}
"""For an unknown key: the one that is meant."""

MOST_BITS = 1000
"""A whole number with more bits is not converted to decimal digits."""


class ConfigIssue(NamedTuple):
    """The issue at the key `path`, and how to fix it."""

    path: KeyPath
    message: str
    hint: str = ""


def find_issues(value: Any, declared: Any, path: KeyPath = ()) -> list[ConfigIssue]:
    """The issues of a value from tomllib, where it does not fit the declared type, such as a record."""
    return list(_issues(value, key_type(declared), path))


def _issues(value: Any, key: KeyType, path: KeyPath) -> Iterator[ConfigIssue]:
    kind, parts = key.types[0], get_args(key.types[0])
    origin = get_origin(kind) or kind
    if origin is dict and isinstance(value, Mapping):
        items = key_type(parts[1])
        for name, item in value.items():
            yield from _issues(item, items, (*path, name))
    elif origin is list and isinstance(value, list):
        items = key_type(parts[0])
        for place, item in enumerate(value):
            yield from _issues(item, items, (*path, str(place)))
    elif origin is Literal and isinstance(value, str):
        if value not in parts:
            near = did_you_mean(value, parts)
            yield ConfigIssue(path, f"must be {_expected_text(key)}, not {value[:40]}{near}")
    elif is_record(kind) and isinstance(value, Mapping):
        yield from _key_issues(value, kind, path)
    elif any(_is_of(value, each) for each in key.types):
        yield from _bound_issues(value, key.bounds, path)
    elif kind is not Any:
        hint = f'For example, "{key.example}".' if isinstance(key.example, str) else ""
        yield ConfigIssue(path, f"must be {_expected_text(key)}, not {_value_text(value)}", hint)


def _key_issues(
    table: Mapping[str, Any], record: type[msgspec.Struct], path: KeyPath
) -> Iterator[ConfigIssue]:
    keys = record_keys(record)
    for name, item in table.items():
        if name in keys:
            yield from _issues(item, keys[name], (*path, name))
        else:
            near = did_you_mean(SYNONYMS.get(name, name), keys)
            hint = _limits_hint(name, keys) or ("" if near else _keys_hint(name, keys))
            yield ConfigIssue((*path, name), f"unknown key{near}", hint)
    for name in required_keys(record):
        if name not in table:
            yield ConfigIssue(path, f"{name} is missing")


def _limits_hint(name: str, keys: Mapping[str, KeyType]) -> str:
    """The quantities that can be limited, for a key that looks like another limit."""
    if not name.startswith(("max_", "min_")) or not keys.keys() >= LIMITS.keys():
        return ""
    return f"Limits exist for {', '.join(LIMITED_METRICS)} and ratio."


def _keys_hint(name: str, keys: Mapping[str, KeyType]) -> str:
    """The table inside this one that has the key, or the keys of this one; of limits only an example."""
    for outer, key in keys.items():
        if is_record(key.types[0]) and name in record_keys(key.types[0]):
            return f"Write it as {outer}.{name}, or in the table {outer}."
    known = [key for key in keys if key not in LIMITS and key not in RATIOS]
    limits = f", and limits such as {next(iter(LIMITS))}" if len(known) < len(keys) else ""
    return f"The keys here are {join_words(known) if not limits else ', '.join(known)}{limits}."


class _Words(NamedTuple):
    """The Python types of a kind of values, and the words for one and for several."""

    types: tuple[type, ...]
    one: str
    several: str


WORDS = {
    str: _Words((str,), "a string", "strings"),
    bool: _Words((bool,), "true or false", "booleans"),
    int: _Words((int,), "a whole number", "whole numbers"),
    float: _Words((int, float), "a number", "numbers"),
}
TABLE_WORDS = _Words((), "a table", "tables")
ANY_WORDS = _Words((), "any value", "values")


def _words(kind: Any) -> _Words:
    return TABLE_WORDS if is_record(kind) else WORDS.get(kind, ANY_WORDS)


def _is_of(value: object, kind: Any) -> bool:
    """Whether `value` is of a kind; a boolean is not an integer, as in TOML."""
    types = _words(kind).types
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _bound_issues(value: Any, bounds: Mapping[str, int], path: KeyPath) -> Iterator[ConfigIssue]:
    if not bounds or isinstance(value, str):
        return
    if isinstance(value, float) and isnan(value):
        yield ConfigIssue(path, "is nan; it must be a number")
    elif value < bounds["minimum"]:
        yield ConfigIssue(path, f"is {_short_number(value)}; it must be at least {bounds['minimum']}")
    elif value > bounds["maximum"]:
        yield ConfigIssue(
            path, f"is {_short_number(value)}; it must be at most {float(bounds['maximum']):.0e}"
        )


def _short_number(value: float) -> str:
    """A number in about 20 characters at most."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"{'-' * (value < 0)}1e+{int((value.bit_length() - 1) * log10(2))} or more"
    return f"{float(value):.3e}" if isinstance(value, int) and abs(value) >= 10**20 else str(value)


def _expected_text(key: KeyType) -> str:
    """The values of a type in words: a list of strings."""
    kind, parts = key.types[0], get_args(key.types[0])
    if get_origin(kind) is Literal:
        return join_words(parts, "or") if len(parts) <= FEW_WORDS else f"one of {', '.join(parts)}"
    if parts:
        container = "a table" if get_origin(kind) is dict else "a list"
        return f"{container} of {_words(key_type(parts[-1]).types[0]).several}"
    kinds = [each for each in key.types if each is not int or float not in key.types]
    return join_words([_words(each).one for each in kinds], "or")


def _value_text(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _short_number(value)
    words: dict[str, tuple[type, ...]] = {
        "a string": (str,),
        "a number": (int,),
        "a list": (list,),
        "a table": (Mapping,),
        "a date": (date, datetime, time),
    }
    return next(text for text, types in words.items() if isinstance(value, types))
