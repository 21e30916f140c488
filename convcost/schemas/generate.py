"""JSON Schemas, draft 2020-12, from types: TypedDict, NamedTuple, Literal, Enum, unions, lists, dicts."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from convcost.schemas.common import Alias
from convcost.schemas.documented import attribute_texts

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}


def schema_of(cls: type, title: str) -> Schema:
    """The schema of JSON values that are `cls`; every other class in it is one of its `$defs`."""
    definitions: dict[str, Schema] = {}
    body = _object(cls, definitions)
    return {"$schema": DIALECT, "title": title, **body, "$defs": dict(sorted(definitions.items()))}


def _schema(hint: Any, definitions: dict[str, Schema]) -> Schema:
    """Of values of a type."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    if origin is Literal:
        return {"const": parts[0]} if len(parts) == 1 else {"enum": list(parts)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if origin in (Union, UnionType):
        return _any_of([_schema(part, definitions) for part in parts])
    if origin in (list, tuple):
        return {"type": "array", "items": _schema(parts[0], definitions)}
    if origin in (dict, Mapping):
        return _table(parts[0], parts[1], definitions)
    if origin is NotRequired:
        return _schema(parts[0], definitions)
    if origin is Annotated:
        return _alias(parts[0], parts[1], definitions)
    return _class(hint, definitions)


def _alias(hint: Any, alias: Alias, definitions: dict[str, Schema]) -> Schema:
    """By its name, with what it stands for."""
    definitions[alias.name] = {"description": alias.about, **_schema(hint, definitions)}
    return {"$ref": f"#/$defs/{alias.name}"}


def _any_of(choices: list[Schema]) -> Schema:
    """Types without parts as one list of types."""
    if all(choice.keys() == {"type"} for choice in choices):
        return {"type": list(dict.fromkeys(choice["type"] for choice in choices))}
    return {"anyOf": choices}


def _table(key: Any, value: Any, definitions: dict[str, Schema]) -> Schema:
    """An object with any names, or with names among some words."""
    names = {} if key is str else {"propertyNames": _schema(key, definitions)}
    return {"type": "object", **names, "additionalProperties": _schema(value, definitions)}


def _class(cls: type, definitions: dict[str, Schema]) -> Schema:
    name = _name(cls)
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = _object(cls, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _name(cls: type) -> str:
    """Of two modules' classes that are both called Part, each has its module's name in front."""
    return f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"


def _object(cls: type, definitions: dict[str, Schema]) -> Schema:
    """A class's attributes as properties, no others."""
    hints, texts = get_type_hints(cls, include_extras=True), attribute_texts(cls)
    properties = {}
    for name, hint in hints.items():
        about = {"description": texts[name]} if name in texts else {}
        properties[name] = about | _schema(hint, definitions)
    return {
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "type": "object",
        "properties": properties,
        "required": [name for name, hint in hints.items() if get_origin(hint) is not NotRequired],
        "additionalProperties": False,
    }
