"""Schemas from records, and that what is shipped is what the records make."""

import json
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator
from msgspec import UNSET

from convcost.core.errors import UsageError
from convcost.core.record_fields import describe, one_of
from convcost.render.records.record import Record
from convcost.schemas import NAMES, schema_text
from convcost.schemas.generate import all_records, generate, record_schema, schema_file


class WheelRecord(Record):
    """What turns."""

    size: int | str | None


class CarRecord(Record):
    """What drives."""

    wheels: list[Annotated[Any, one_of("WheelRecord")]]
    spare: Annotated[Any, one_of("WheelRecord", None), describe("In the boot.")] = UNSET


def test_a_record_becomes_a_schema_with_what_it_holds():
    assert record_schema(CarRecord, "An example") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An example",
        "description": "What drives.",
        "type": "object",
        "properties": {
            "wheels": {"type": "array", "items": {"$ref": "#/$defs/Wheel"}},
            "spare": {
                "description": "In the boot.",
                "anyOf": [{"$ref": "#/$defs/Wheel"}, {"type": "null"}],
            },
        },
        "required": ["wheels"],
        "additionalProperties": False,
        "$defs": {
            "Wheel": {
                "title": "Wheel",
                "description": "What turns.",
                "type": "object",
                "properties": {"size": {"type": ["integer", "string", "null"]}},
                "required": ["size"],
                "additionalProperties": False,
            }
        },
    }


def test_no_two_records_have_the_same_name():
    names = [record.__name__ for record in all_records()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_what_the_records_make(name):
    assert schema_text(name) == schema_file(generate(name)), (
        "python -m convcost.schemas.generate writes it anew"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_of_draft_2020_12_whose_references_lead_somewhere(name):
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_with_known_names_refuses_others_and_says_what_it_is(name):
    for table in tables(json.loads(schema_text(name))):
        assert table["additionalProperties"] is False
        assert table["description"]
        assert set(table["required"]) <= set(table["properties"])


def test_no_schema_of_that_name_is_refused_with_the_near_one():
    with pytest.raises(UsageError, match=r"no schema is called lcok \(did you mean lock\?\)"):
        schema_text("lcok")


def parts(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(inner)


def references(schema):
    return [part["$ref"] for part in parts(schema) if isinstance(part, dict) and "$ref" in part]


def tables(schema):
    return [part for part in parts(schema) if isinstance(part, dict) and "properties" in part]
