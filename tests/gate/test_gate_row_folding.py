"""Rows whose paths differ in numbers alone stand together in a lock file, and come apart again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.gate.row_folding import fold_rows, unfold_path

PARTS = st.sampled_from(["0", "1", "2", "3", "10", "11", "blocks", "fc", "a1", "00", ""])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(".".join)


def written(items):
    return {path: (found.item, found.copies) for path, found in fold_rows(items).items()}


def test_runs_and_gaps_of_numbers_are_folded_where_the_rows_are_equal():
    blocks = {f"blocks.{place}.fc": "wide" for place in range(12)}
    assert written(blocks) == {"blocks.[0-11].fc": ("wide", 12)}
    assert written(blocks | {"blocks.5.fc": "thin"}) == {
        "blocks.[0-4,6-11].fc": ("wide", 11),
        "blocks.5.fc": ("thin", 1),
    }


def test_several_numbers_of_a_path_are_folded_where_all_combinations_are_there():
    items = {f"{stage}.{block}.fc": 1 for stage in range(2) for block in range(3)}
    assert written(items) == {"[0-1].[0-2].fc": (1, 6)}
    del items["1.2.fc"]
    assert written(items) == {"0.2.fc": (1, 1), "[0-1].[0-1].fc": (1, 4)}


def test_rows_are_sorted_by_their_numbers_and_then_by_their_names():
    paths = ["10", "9", "", "b.10", "b.9", "a", "b"]
    assert list(fold_rows({path: path for path in paths})) == ["9", "10", "", "a", "b", "b.9", "b.10"]


def test_a_path_that_looks_folded_keeps_all_from_being_so():
    items = {"[0-1]": 1, "0": 1, "1": 1}
    assert written(items) == {"0": (1, 1), "[0-1]": (1, 1), "1": (1, 1)}


@given(st.dictionaries(PATHS, st.integers(0, 2), max_size=30))
def test_what_was_folded_unfolds_to_what_it_was(items):
    apart = [(path, found.item) for each, found in fold_rows(items).items() for path in unfold_path(each)]
    assert dict(apart) == items
    assert len(apart) == len(items)
    assert all(len(unfold_path(path)) == found.copies for path, found in fold_rows(items).items())


@pytest.mark.parametrize("path", ["[0-999999999]", "[0-999].[0-999].[0-9]", "[5-3]"])
def test_a_path_that_stands_for_too_many_or_for_none_is_refused(path):
    with pytest.raises(ValueError, match=r"0-9|5-3"):
        unfold_path(path)
