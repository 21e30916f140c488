"""What is wrong with a TOML table, by the typed record that it has to fit.

`msgspec.convert` makes the record, but it stops at the first error, does not say which key of a table with
free names is wrong, and has no bounds beyond 64 bits. So a walk over msgspec's types finds every issue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import log10
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from convcost.core.errors import did_you_mean
from convcost.gate.toml_positions import KeyPath

FEW_WORDS = 3
"""Up to so many words are told as alternatives; more as a list."""

MOST_BITS = 1000
"""A whole number of more bits is not converted to decimal digits."""

Schema = dict[str, Any]


class ConfigIssue(NamedTuple):
    """What is wrong at the key that `path` leads to, and the way out."""

    path: KeyPath
    message: str
    hint: str = ""


def about(description: str = "", *examples: Any, **bounds: int) -> msgspec.Meta:
    """What a key is for, examples of its value, and the `minimum` and `maximum` of a number."""
    return msgspec.Meta(
        description=description or None, examples=list(examples) or None, extra_json_schema=bounds or None
    )


def find_issues(value: object, record: Any, path: KeyPath = ()) -> list[ConfigIssue]:
    """What keeps a value that tomllib has read from fitting `record`, a type that msgspec knows."""
    return list(_issues(value, inspect.type_info(record), path))


def _issues(value: Any, declared: inspect.Type, path: KeyPath) -> Iterator[ConfigIssue]:
    kind, schema = without_metadata(declared)
    match kind:
        case inspect.AnyType():
            return
        case inspect.StructType() if isinstance(value, Mapping):
            yield from _key_issues(value, kind, path)
        case inspect.DictType(value_type=inner) if isinstance(value, Mapping):
            for name, item in value.items():
                yield from _issues(item, inner, (*path, name))
        case inspect.ListType(item_type=inner) if isinstance(value, list):
            for place, item in enumerate(value):
                yield from _issues(item, inner, (*path, str(place)))
        case inspect.LiteralType(values=words) if isinstance(value, str):
            if value not in words:
                near = did_you_mean(value, map(str, words))
                yield ConfigIssue(path, f"is {_wanted(kind)}, not {value[:40]}{near}")
        case _ if any(_is_of(value, each) for each in _alternatives(kind)):
            yield from _bound_issues(value, schema, path)
        case _:
            example = schema.get("examples", [None])[0]
            hint = f'Such as "{example}".' if isinstance(example, str) else ""
            yield ConfigIssue(path, f"takes {_wanted(kind)}, not {_described(value)}", hint)


def without_metadata(declared: inspect.Type) -> tuple[inspect.Type, Schema]:
    """The type itself, and what is said about it: description, examples, bounds."""
    schema: Schema = {}
    while isinstance(declared, inspect.Metadata):
        schema = {**(declared.extra_json_schema or {}), **schema}
        declared = declared.type
    return declared, schema


def _key_issues(table: Mapping[str, Any], kind: inspect.StructType, path: KeyPath) -> Iterator[ConfigIssue]:
    fields = {field.encode_name: field for field in kind.fields}
    for name, item in table.items():
        if name in fields:
            yield from _issues(item, fields[name].type, (*path, name))
        else:
            yield ConfigIssue((*path, name), f"there is no such key{did_you_mean(name, fields)}")
    for name, field in fields.items():
        if field.required and name not in table:
            yield ConfigIssue(path, f"{name} is missing")


class _Words(NamedTuple):
    """The Python types of the values of a kind, and what one and several of them are called."""

    types: tuple[type, ...]
    one: str
    several: str


WORDS: dict[type[inspect.Type], _Words] = {
    inspect.StrType: _Words((str,), "a string", "strings"),
    inspect.BoolType: _Words((bool,), "true or false", "booleans"),
    inspect.IntType: _Words((int,), "a whole number", "whole numbers"),
    inspect.FloatType: _Words((int, float), "a number", "numbers"),
    inspect.StructType: _Words((), "a table", "tables"),
}


def _alternatives(kind: inspect.Type) -> list[type[inspect.Type]]:
    """The types without parts that a value may be of; a number may be whole without mention."""
    kinds = [type(each) for each in (kind.types if isinstance(kind, inspect.UnionType) else (kind,))]
    return [each for each in kinds if each is not inspect.IntType or inspect.FloatType not in kinds]


def _is_of(value: object, kind: type[inspect.Type]) -> bool:
    """Python's booleans are integers; TOML's are not."""
    types = WORDS[kind].types if kind in WORDS else ()
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _bound_issues(value: Any, schema: Schema, path: KeyPath) -> Iterator[ConfigIssue]:
    minimum, maximum = schema.get("minimum"), schema.get("maximum")
    if minimum is None or isinstance(value, str):
        return
    if value != value:  # noqa: PLR0124
        yield ConfigIssue(path, "is nan; a number is needed")
    elif value < minimum:
        yield ConfigIssue(path, f"is {_shortened(value)}; at least {minimum} is needed")
    elif maximum is not None and value > maximum:
        yield ConfigIssue(path, f"is {_shortened(value)}; at most {float(maximum):.0e} is possible")


def _shortened(value: float) -> str:
    """A number in about 20 characters at most."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"{'-' * (value < 0)}1e+{int((value.bit_length() - 1) * log10(2))} or more"
    return f"{float(value):.3e}" if isinstance(value, int) and abs(value) >= 10**20 else str(value)


def _wanted(kind: inspect.Type) -> str:
    """The values of a type in words: a list of strings."""
    match kind:
        case inspect.LiteralType(values=words):
            texts = [str(word) for word in words]
            return " or ".join(texts) if len(texts) <= FEW_WORDS else f"one of {', '.join(texts)}"
        case inspect.ListType(item_type=inner):
            return f"a list of {_several(inner)}"
        case inspect.DictType(value_type=inner):
            return f"a table of {_several(inner)}"
    return " or ".join(WORDS[each].one for each in _alternatives(kind))


def _several(declared: inspect.Type) -> str:
    kind = type(without_metadata(declared)[0])
    return WORDS[kind].several if kind in WORDS else "values"


def _described(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    words: dict[str, tuple[type, ...]] = {
        "a string": (str,),
        "a number": (int, float),
        "a list": (list,),
        "a table": (Mapping,),
        "a date": (date, datetime, time),
    }
    return next(text for text, types in words.items() if isinstance(value, types))
