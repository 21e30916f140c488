"""The deliberate errors of the mutation proof: each still has its one place in the package."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def families(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "mutations")
    from layer_errors import FAMILIES as LAYERS
    from operator_errors import FAMILIES as OPERATORS

    yield (*LAYERS, *OPERATORS)
    for name in ("layer_errors", "operator_errors", "mutation"):
        del sys.modules[name]


def test_each_error_has_one_place_and_changes_what_stands_there(families):
    for family in families:
        for mutation in family.mutations:
            text = (ROOT / "convcost" / mutation.file).read_text(encoding="utf-8")
            assert mutation.applied(text) != text


def test_every_family_has_several_errors_and_something_to_notice_them(families):
    for family in families:
        assert len(family.mutations) >= 3
        assert all((ROOT / test).exists() for test in family.tests)
