"""The JSON Schemas of the configuration and of the lock file say what is refused, and what is not."""

import json
import tomllib

import pytest
from config_files import CONV, DENSE, ROOT, entry_results, lock_tables
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from convcost.gate.config_tables import ConfigTable, EntryTable
from convcost.gate.limit import LIMITS
from convcost.gate.lock_file import LockTable
from convcost.gate.validation import find_issues
from convcost.schemas.generate import generate

CONFIG = Draft202012Validator(generate("config"))
LOCK = Draft202012Validator(generate("lock"))

SCALARS = st.one_of(
    st.booleans(),
    st.integers(-1, 3),
    st.just(10**31),
    st.sampled_from(["", "matmul", "full", "float32", "1%"]),
)
VALUES = st.recursive(
    SCALARS | st.sampled_from([0.5, 1e50]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("EL"), inner, max_size=2),
    max_leaves=3,
)
ENTRIES = st.dictionaries(st.sampled_from([*EntryTable.__struct_fields__, "max_flop"]), VALUES, max_size=4)


TABLES = {"entries": st.dictionaries(st.just("a"), ENTRIES), "tolerance": VALUES}


@given(st.fixed_dictionaries({}, optional=TABLES))
def test_what_the_schema_of_a_configuration_allows_is_what_is_read(table):
    assert CONFIG.is_valid(table) == (not find_issues(table, ConfigTable))


@pytest.mark.usefixtures("folder")
def test_a_lock_file_fits_its_schema_and_one_with_a_change_does_not():
    entry_results(DENSE, CONV, '[entries.open]\nspec = "Linear(C, C)"', update=True)
    table = lock_tables()
    assert LOCK.is_valid(table)
    for change in ({"convcost-lock": "1"}, {"entry": {}}, {"entries": {"a": {}}}):
        assert not LOCK.is_valid({**table, **change})
        assert find_issues({**table, **change}, LockTable)


def test_the_project_s_own_configuration_fits():
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["convcost"]
    assert CONFIG.is_valid(table)


@pytest.mark.parametrize("schema", [generate("config"), generate("lock")])
def test_a_schema_is_json_and_says_what_everything_is_for(schema):
    assert json.loads(json.dumps(schema)) == schema
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for table in (schema, *schema["$defs"].values()):
        assert table["description"]
        assert all(key["description"] for key in table["properties"].values())


def test_every_quantity_has_a_least_a_largest_and_an_exact_limit():
    properties = generate("config")["$defs"]["EntryTable"]["properties"]
    assert {key for key in properties if key.endswith("flops")} == {"max_flops", "min_flops", "flops"}
    assert properties.keys() >= LIMITS.keys()
