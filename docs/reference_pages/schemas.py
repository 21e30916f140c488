"""The JSON Schemas of the configuration, the lock file and each command's JSON, as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from convcost.schemas import INPUTS, NAMES, schema_text
from docs.reference_pages.markdown import code, page, table, text

TITLES = {"config": "Configuration keys", "lock": "Lock file"}


def pages() -> Iterator[tuple[str, str]]:
    """A page for each schema."""
    for name in NAMES:
        title = TITLES.get(name, f"JSON of convcost {name}")
        schema = json.loads(schema_text(name))
        folder = "" if name in INPUTS else "json/"
        yield (
            f"{folder}{name}",
            page(title, f"`convcost schema {name}` prints the JSON Schema.", *_sections(schema)),
        )


def _sections(schema: dict[str, Any]) -> Iterator[str]:
    schema = _with_enums_in_place(schema)
    if "properties" in schema:
        yield _keys(schema)
    for choice in schema.get("anyOf", ()):
        yield f"It is a {_type(choice)}."
    for name, record in schema.get("$defs", {}).items():
        if "properties" in record:
            yield f"## {name}"
            yield text(record.get("description", ""))
            yield _keys(record)


def _with_enums_in_place(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with references to enums replaced by the enums, which have no sections."""
    enums = {f"#/$defs/{name}": found for name, found in schema.get("$defs", {}).items() if "enum" in found}
    found: dict[str, Any] = json.loads(
        json.dumps(schema), object_hook=lambda key: enums.get(str(key.get("$ref")), key)
    )
    return found


def _keys(record: dict[str, Any]) -> str:
    required = record.get("required", ())
    return table(
        ("key", "type", ""),
        (
            (code(name), _type(key), text(_description(key, name in required or "default" not in key)))
            for name, key in record["properties"].items()
        ),
    )


def _description(key: dict[str, Any], has_no_default: bool) -> str:
    described = key.get("description", "")
    default = key.get("default")
    if has_no_default or default in (None, "", [], {}):
        return str(described)
    return f"{described} Default: `{json.dumps(default)}`.".strip()


def _type(key: dict[str, Any]) -> str:
    """The type in words: an array of Entry; string or null."""
    if "$ref" in key:
        name = key["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in key:
        return " or ".join(code(json.dumps(value)) for value in key["enum"])
    for choices in ("anyOf", "oneOf"):
        if choices in key:
            return " or ".join(dict.fromkeys(map(_type, key[choices])))
    kinds = key.get("type", "anything")
    if isinstance(kinds, list):
        return " or ".join(kinds)
    if kinds == "array":
        return f"array of {_type(key['items'])}" if isinstance(key.get("items"), dict) else "array"
    if kinds == "object" and isinstance(key.get("additionalProperties"), dict):
        return f"object of {_type(key['additionalProperties'])}"
    return str(kinds)
