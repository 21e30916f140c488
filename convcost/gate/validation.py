"""What is wrong with a TOML table, by the typed record that it has to fit; and that record's JSON Schema.

`msgspec.convert` makes the record, but it stops at the first error, does not say which key of a table with
free names is wrong, and has no bounds beyond 64 bits. So a walk over msgspec's types finds every issue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from math import isnan, log10
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from convcost.core.errors import did_you_mean
from convcost.gate.toml_positions import KeyPath

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FEW_WORDS = 3
"""Up to so many words are told as alternatives; more as a list."""

MOST_BITS = 1000
"""A whole number of more bits is not converted to decimal digits."""


class ConfigIssue(NamedTuple):
    """What is wrong at the key that `path` leads to, and the way out."""

    path: KeyPath
    message: str
    hint: str = ""


def find_issues(value: object, record: Any, path: KeyPath = ()) -> list[ConfigIssue]:
    """What keeps a value that tomllib has read from fitting `record`, a type that msgspec knows."""
    return list(_issues(value, inspect.type_info(record), path))


def record_schema(record: type[msgspec.Struct], title: str) -> dict[str, Any]:
    """The JSON Schema of the tables that fit `record`."""
    _, definitions = msgspec.json.schema_components([record], ref_template="#/$defs/{name}")
    body = definitions.pop(record.__name__)
    return {"$schema": DIALECT, **body, "title": title, "$defs": definitions}


def _issues(value: Any, declared: inspect.Type, path: KeyPath) -> Iterator[ConfigIssue]:
    kind = _bare(declared)
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
        case _:
            yield from _scalar_issues(value, declared, path)


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type without its description and bounds."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


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


class _Scalar(NamedTuple):
    """A type without parts, and the bounds of its numbers."""

    kind: type[inspect.Type]
    minimum: float | None
    maximum: float | None


def _scalars(kind: inspect.Type, maximum: int | None = None) -> Iterator[_Scalar]:
    """The types that a value may be of; a maximum beyond 64 bits is a part of the JSON Schema alone."""
    match kind:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            yield from _scalars(inner, (schema or {}).get("maximum", maximum))
        case inspect.UnionType(types=kinds):
            for each in kinds:
                yield from _scalars(each, maximum)
        case inspect.IntType(ge=minimum, le=most) | inspect.FloatType(ge=minimum, le=most):
            yield _Scalar(type(kind), minimum, most if maximum is None else maximum)
        case _:
            yield _Scalar(type(kind), None, None)


class _Words(NamedTuple):
    """The Python types of values of a kind, and what one and several of them are called."""

    types: tuple[type, ...]
    one: str
    several: str


WORDS: dict[type[inspect.Type], _Words] = {
    inspect.StrType: _Words((str,), "a string", "strings"),
    inspect.BoolType: _Words((bool,), "true or false", "booleans"),
    inspect.IntType: _Words((int,), "a whole number", "whole numbers"),
    inspect.FloatType: _Words((int, float), "a number", "numbers"),
    inspect.StructType: _Words((Mapping,), "a table", "tables"),
}


def _scalar_issues(value: Any, kind: inspect.Type, path: KeyPath) -> Iterator[ConfigIssue]:
    fitting = [
        each for each in _scalars(kind) if each.kind in WORDS and _is_of(value, WORDS[each.kind].types)
    ]
    if not fitting or isinstance(value, Mapping):
        yield ConfigIssue(path, f"takes {_wanted(kind)}, not {_described(value)}", _example(kind))
        return
    minimum, maximum = fitting[0][1:]
    if isinstance(value, float) and isnan(value):
        yield ConfigIssue(path, "is nan; a number is needed")
    elif minimum is not None and value < minimum:
        yield ConfigIssue(path, f"is {_shortened(value)}; at least {minimum:g} is needed")
    elif maximum is not None and value > maximum:
        yield ConfigIssue(path, f"is {_shortened(value)}; at most {float(maximum):.0e} is possible")


def _is_of(value: object, types: tuple[type, ...]) -> bool:
    """Python's booleans are integers; TOML's are not."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _wanted(declared: inspect.Type) -> str:
    """The values of a type in words: a list of strings."""
    kind = _bare(declared)
    match kind:
        case inspect.LiteralType(values=words):
            texts = [str(word) for word in words]
            return " or ".join(texts) if len(texts) <= FEW_WORDS else f"one of {', '.join(texts)}"
        case inspect.ListType(item_type=inner):
            return f"a list of {WORDS[type(_bare(inner))].several}"
        case inspect.DictType(value_type=inner) if type(_bare(inner)) in WORDS:
            return f"a table of {WORDS[type(_bare(inner))].several}"
        case inspect.DictType():
            return "a table"
    kinds = [each.kind for each in _scalars(declared)]
    is_any_number = inspect.FloatType in kinds
    return " or ".join(WORDS[each].one for each in kinds if each is not inspect.IntType or not is_any_number)


def _example(kind: inspect.Type) -> str:
    """A hint with the example of a string, if the key has one."""
    schema = kind.extra_json_schema or {} if isinstance(kind, inspect.Metadata) else {}
    example = schema.get("examples", [None])[0]
    return f'Such as "{example}".' if isinstance(example, str) else ""


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


def _shortened(value: float) -> str:
    """A number in at most 21 characters or so."""
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"{'-' * (value < 0)}1e+{int((value.bit_length() - 1) * log10(2))} or more"
    return f"{float(value):.3e}" if isinstance(value, int) and abs(value) >= 10**20 else str(value)
