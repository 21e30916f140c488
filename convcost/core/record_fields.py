"""Metadata of the fields of msgspec records: descriptions, examples, bounds, JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec


def describe(description: str = "", *examples: Any, **bounds: int) -> msgspec.Meta:
    """Metadata of a field: a description, example values, and `minimum` and `maximum` of a number."""
    return msgspec.Meta(
        description=description or None, examples=list(examples) or None, extra_json_schema=bounds or None
    )


def one_of(*names: str | None) -> msgspec.Meta:
    """The schema for a field of type Any: a record with one of these names, or null (None).

    msgspec does not support unions of untagged records, and mypy cannot name those made by `record_type`.
    """
    choices = [{"$ref": f"#/$defs/{name}"} if name else {"type": "null"} for name in names]
    return msgspec.Meta(extra_json_schema=choices[0] if len(choices) == 1 else {"anyOf": choices})


def keys_of(words: Any) -> msgspec.Meta:
    """The schema for a dict whose keys are words of a Literal, which msgspec omits."""
    return msgspec.Meta(extra_json_schema={"propertyNames": {"enum": list(get_args(words))}})


class KeyType(NamedTuple):
    """The types of a key's value, with the metadata of `describe`."""

    types: tuple[Any, ...]
    description: str = ""
    example: Any = None
    bounds: Mapping[str, int] = {}


@cache
def key_type(declared: Any) -> KeyType:
    """The KeyType of an annotation: a type, a union, or Annotated[..., describe(...)], in any nesting."""
    if get_origin(declared) is Annotated:
        inner, *metadata = get_args(declared)
        result = key_type(inner)
        for meta in metadata:
            example = meta.examples[0] if meta.examples else result.example
            bounds = meta.extra_json_schema or result.bounds
            result = KeyType(result.types, meta.description or result.description, example, bounds)
        return result
    if get_origin(declared) in (Union, UnionType):
        parts = [each for each in get_args(declared) if each is not msgspec.UnsetType]
        return key_type(parts[0]) if len(parts) == 1 else KeyType(tuple(parts))
    return KeyType((declared,))


@cache
def record_keys(record: Any) -> dict[str, KeyType]:
    """The keys of a record, with the types of their values."""
    return {field.encode_name: key_type(field.type) for field in msgspec.structs.fields(record)}


@cache
def required_keys(record: Any) -> tuple[str, ...]:
    """The required keys of a record."""
    return tuple(field.encode_name for field in msgspec.structs.fields(record) if field.required)


def is_record(kind: Any) -> bool:
    """Whether `kind` is a record type: a table with known keys."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
