"""Designs with branches in a configuration: their limits, counters, and the rows of their baseline."""

import pytest
from config_files import entry_results, lock_tables

ENTRY = "[entries.net]\nspec = '''{}'''\nagree_with = [\"fvcore\", \"flop_counter_mode\"]\n"

RESIDUAL = "[1, 4, 6] -> x + (Conv1d(4, 4, 3, padding=1) -> ReLU)"


@pytest.mark.usefixtures("folder")
def test_the_rows_of_a_baseline_have_the_places_of_branches_as_paths():
    result = entry_results(ENTRY.format(RESIDUAL), update=True)["net"]
    assert all(check.passed for check in result.checks)
    rows = lock_tables()["entries"]["net"]["rows"]
    assert {path: row["kind"] for path, row in rows.items()} == {
        "0.1.0": "Conv1d",
        "0.1.1": "ReLU",
        "0": "add",
    }


@pytest.mark.usefixtures("folder")
def test_a_change_in_a_branch_is_found_in_that_branch():
    entry_results(ENTRY.format(RESIDUAL), update=True)
    changed = entry_results(ENTRY.format(RESIDUAL.replace("ReLU", "GELU")))["net"]
    assert changed.status == "changed"
    assert {row.located.path for row in changed.changes.rows} == {"0.1.1"}
