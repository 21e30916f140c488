"""Generates the JSON Schemas (draft 2020-12) of records: `python -m convcost.schemas.generate`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_args

import msgspec

from convcost.render import records
from convcost.render.records.record import Record
from convcost.schemas import INPUTS, NAMES, OUTPUTS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

REFERENCE = "#/$defs/{name}"

TITLES = {"config": "convcost's configuration", "lock": "convcost's lock file"}


def generate(name: str) -> Schema:
    """The schema `name`."""
    module, _, record = (OUTPUTS | INPUTS)[name].partition(":")
    title = TITLES.get(name, f"The JSON of convcost {name}")
    return record_schema(getattr(import_module(module), record), title)


def record_schema(record: Any, title: str) -> Schema:
    """The schema of a record, or of a union of records.

    Records inside become `$defs`, named without `Record`.
    """
    choices: tuple[type[msgspec.Struct], ...] = get_args(record) or (record,)
    by_name: dict[str, type[msgspec.Struct]] = {cls.__name__: cls for cls in all_records()}
    names = [choice.__name__ for choice in choices]
    by_name |= dict(zip(names, choices, strict=True))
    while True:
        types = [by_name[name] for name in names]
        _, definitions = msgspec.json.schema_components(types, ref_template=REFERENCE)
        missing = {*re.findall(r'"#/\$defs/(\w+)"', json.dumps(definitions))} - definitions.keys()
        if not missing:
            break
        names += sorted(missing)
    body = (
        definitions.pop(names[0])
        if len(choices) == 1
        else {"anyOf": [{"$ref": REFERENCE.format(name=choice.__name__)} for choice in choices]}
    )
    schema = {"$schema": DIALECT, **body, "title": title, "$defs": dict(sorted(definitions.items()))}
    text = re.sub(r'"((?:#/\$defs/)?\w+)Record"', r'"\1"', json.dumps(schema))
    shorter: Schema = json.loads(text, object_hook=_with_types_as_a_list)
    return shorter


def _with_types_as_a_list(schema: Schema) -> Schema:
    """Simplify a choice of plain types: `{"type": ["integer", "null"]}`."""
    choices = schema.get("anyOf", [])
    if not choices or any(choice.keys() != {"type"} for choice in choices):
        return schema
    others = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**others, "type": [choice["type"] for choice in choices]}


def all_records() -> Iterator[type[Record]]:
    """All record classes, in all modules; some refer to others only by name."""
    for module in walk_packages(records.__path__, f"{records.__name__}."):
        import_module(module.name)
    yield from _subclasses(Record)


def _subclasses(cls: type[Record]) -> Iterator[type[Record]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def schema_file(schema: Schema) -> str:
    """The text of a schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    folder = Path(__file__).with_name("files")
    for name in NAMES:
        (folder / f"{name}.json").write_text(schema_file(generate(name)), encoding="utf-8")
