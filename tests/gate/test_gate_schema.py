"""The JSON Schemas of the configuration and of the lock file say what is refused, and what is not."""

import json
import tomllib
from decimal import Decimal

import pytest
from gating import CONV, DENSE, ROOT, check, locked
from hypothesis import given
from hypothesis import strategies as st

from convcost.gate.keys import CONFIG, ENTRY
from convcost.gate.limit import LIMITS
from convcost.gate.lock_file import LOCK
from convcost.gate.schema import config_schema, lock_schema

TYPES = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": int | float | Decimal,
    "array": list,
    "object": dict,
}


def fits(value, schema):
    """Whether `value` is valid, by the part of JSON Schema that is in use."""
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        return False
    if isinstance(value, bool):
        return schema.get("type") in ("boolean", None)
    if isinstance(value, dict):
        return _fits_object(value, schema)
    if isinstance(value, list):
        return all(fits(item, schema.get("items", {})) for item in value)
    is_number = isinstance(value, int | float | Decimal)
    return not is_number or schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _fits_object(value, schema):
    others = schema.get("additionalProperties", {})
    known = schema.get("properties", {})
    return all(name in value for name in schema.get("required", [])) and all(
        fits(item, known[name]) if name in known else others is not False and fits(item, others)
        for name, item in value.items()
    )


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-1, 3),
    st.just(10**31),
    st.sampled_from(["", "matmul", "full", "float32", "1%"]),
)
VALUES = st.recursive(
    SCALARS | st.sampled_from([Decimal("0.5"), Decimal("1e50")]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("EL"), inner, max_size=2),
    max_leaves=3,
)
ENTRIES = st.dictionaries(st.sampled_from([*ENTRY.keys, "max_flop"]), VALUES, max_size=4)


TABLES = {"entries": st.dictionaries(st.just("a"), ENTRIES), "tolerance": VALUES}


@given(st.fixed_dictionaries({}, optional=TABLES))
def test_what_the_schema_of_a_configuration_allows_is_what_is_read(table):
    assert fits(table, config_schema()) == (not list(CONFIG.issues(table)))


@pytest.mark.usefixtures("folder")
def test_a_lock_file_fits_its_schema_and_one_with_a_change_does_not():
    check(DENSE, CONV, '[entries.open]\nspec = "Linear(C, C)"', update=True)
    table = locked()
    assert fits(table, lock_schema())
    for change in ({"convcost-lock": "1"}, {"entry": {}}, {"entries": {"a": {}}}):
        assert not fits({**table, **change}, lock_schema())
        assert list(LOCK.issues({**table, **change}))


def test_the_project_s_own_configuration_fits():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["convcost"]
    assert fits(table, config_schema())


@pytest.mark.parametrize("schema", [config_schema(), lock_schema()])
def test_a_schema_is_json_and_says_what_everything_is_for(schema):
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        described = found.get("properties", {}).values()
        assert all(each["description"] for each in described)
        waiting += described
        waiting += [each for each in [found.get("additionalProperties")] if isinstance(each, dict)]


def test_every_quantity_has_a_least_a_largest_and_an_exact_limit():
    properties = config_schema()["properties"]["entries"]["additionalProperties"]["properties"]
    assert {key for key in properties if key.endswith("flops")} == {"max_flops", "min_flops", "flops"}
    assert properties.keys() >= LIMITS.keys()
