"""The deliberate errors of the mutation proof: each still has its one place in the package."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def families(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.mutations.families import FAMILIES

    return FAMILIES


def test_each_error_has_one_place_and_leaves_another_program(families):
    for family in families:
        for mutation in family.mutations:
            text = (ROOT / "convcost" / mutation.file).read_text(encoding="utf-8")
            assert program(mutation.applied(text)) != program(text), mutation.what


@cache
def program(text):
    return ast.dump(ast.parse(text))


def test_every_family_has_several_errors_and_something_to_notice_them(families):
    for family in families:
        assert len(family.mutations) >= 3
        assert all((ROOT / test).exists() for test in family.tests)
