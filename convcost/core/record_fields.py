"""What the fields of a msgspec record say of themselves: descriptions, examples, bounds, JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec


def describe(description: str = "", *examples: Any, **bounds: int) -> msgspec.Meta:
    """What a field is for, examples of its value, and the `minimum` and `maximum` of a number."""
    return msgspec.Meta(
        description=description or None, examples=list(examples) or None, extra_json_schema=bounds or None
    )


def one_of(*names: str | None) -> msgspec.Meta:
    """For a field of type Any: the schema of a record of one of these names, or null.

    msgspec has no unions of records without tags, and mypy no names for those that `record_type` makes.
    """
    choices = [{"$ref": f"#/$defs/{name}"} if name else {"type": "null"} for name in names]
    return msgspec.Meta(extra_json_schema=choices[0] if len(choices) == 1 else {"anyOf": choices})


def keys_of(words: Any) -> msgspec.Meta:
    """For a dict: the schema of keys that are words of a Literal, which msgspec leaves out."""
    return msgspec.Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(words))}})


class KeyType(NamedTuple):
    """The types that a key's value may have, and what `describe` says of it."""

    types: tuple[Any, ...]
    description: str = ""
    example: Any = None
    bounds: Mapping[str, int] = {}


@cache
def key_type(declared: Any) -> KeyType:
    """From an annotation: a type, a union, or Annotated[either, describe(...)], in any nesting."""
    if get_origin(declared) is Annotated:
        inner, *notes = get_args(declared)
        found = key_type(inner)
        for note in notes:
            example = note.examples[0] if note.examples else found.example
            bounds = note.extra_json_schema or found.bounds
            found = KeyType(found.types, note.description or found.description, example, bounds)
        return found
    if get_origin(declared) in (Union, UnionType):
        parts = [each for each in get_args(declared) if each is not msgspec.UnsetType]
        return key_type(parts[0]) if len(parts) == 1 else KeyType(tuple(parts))
    return KeyType((declared,))


@cache
def record_keys(record: Any) -> dict[str, KeyType]:
    """The keys of a record's table, with the types of their values."""
    return {field.encode_name: key_type(field.type) for field in msgspec.structs.fields(record)}


@cache
def required_keys(record: Any) -> tuple[str, ...]:
    """The keys that a record's table has to have."""
    return tuple(field.encode_name for field in msgspec.structs.fields(record) if field.required)


def is_record(kind: Any) -> bool:
    """Whether a type is that of a table with known keys."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
