"""Schemas from types, and that what is shipped is what the types make."""

import json
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

import pytest
from jsonschema import Draft202012Validator

from convcost.core.errors import UsageError
from convcost.schemas.__main__ import written
from convcost.schemas.common import Alias
from convcost.schemas.generate import schema_of
from convcost.schemas.registry import NAMES, generated, schema_text

Amount = Annotated[int | str, Alias("amount", "Any amount.")]


class Inner(NamedTuple):
    """What is inside."""

    word: Literal["a", "b"]
    several: tuple[int, ...]


class Base(TypedDict):
    """What is below."""

    anything: Any
    """What may be anything."""


class Outer(Base):
    """What is outside."""

    one: Literal["x"]
    amount: NotRequired[Amount]
    inner: Inner | None
    by_name: dict[Literal["p", "q"], list[bool]]
    """A list for each."""


def test_a_type_becomes_a_schema():
    assert schema_of(Outer, "An example") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An example",
        "description": "What is outside.",
        "type": "object",
        "properties": {
            "anything": {"description": "What may be anything."},
            "one": {"const": "x"},
            "amount": {"$ref": "#/$defs/amount"},
            "inner": {"anyOf": [{"$ref": "#/$defs/test_generation.Inner"}, {"type": "null"}]},
            "by_name": {
                "description": "A list for each.",
                "type": "object",
                "propertyNames": {"enum": ["p", "q"]},
                "additionalProperties": {"type": "array", "items": {"type": "boolean"}},
            },
        },
        "required": ["anything", "one", "inner", "by_name"],
        "additionalProperties": False,
        "$defs": {
            "amount": {"description": "Any amount.", "type": ["integer", "string"]},
            "test_generation.Inner": {
                "description": "What is inside.",
                "type": "object",
                "properties": {
                    "word": {"enum": ["a", "b"]},
                    "several": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["word", "several"],
                "additionalProperties": False,
            },
        },
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shipped_is_what_the_types_make(name):
    assert schema_text(name) == written(generated(name)), "python -m convcost.schemas writes it anew"


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
