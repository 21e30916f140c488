"""Growth alone may be what fails: what falls below its baseline passes where that is asked."""

import subprocess
import sys
from fractions import Fraction

import pytest
from config_files import LOCK_FILE, ROOT, config_of, entry_results, lock_tables

from convcost.gate.baseline import BaselineChanges
from convcost.gate.run import run_gate

pytestmark = pytest.mark.usefixtures("folder")

SIZED = '[entries.a]\nspec = "[1, 100] -> Linear(100, {})"\n{}'


@pytest.mark.parametrize(
    ("before", "after", "tolerance", "both", "growth"),
    [
        (100, 100, 0, True, True),
        (100, 99, 0, False, True),
        (100, 101, 0, False, False),
        (100, 101, Fraction(1, 100), True, True),
        (100, 102, Fraction(1, 100), False, False),
        (100, 0, Fraction(1, 100), False, True),
        (0, 1, Fraction(1, 100), False, False),
        ("E", "2*E", 0, False, False),
        ("2*E", "E", 0, False, False),
        (100, "E", 0, False, False),
    ],
)
def test_a_total_is_within_by_both_rules(before, after, tolerance, both, growth):
    changes = BaselineChanges({"flops": (before, after)}, ())
    assert (changes.is_within(tolerance), changes.is_within(tolerance, True)) == (both, growth)


@pytest.mark.parametrize(
    ("key", "width", "passed"),
    [
        ("", 50, False),
        ("", 51, False),
        ("growth_only = true", 40, True),
        ("growth_only = true", 51, False),
        ('growth_only = true\ntolerance = "2%"', 51, True),
        ('growth_only = true\ntolerance = "1%"', 51, False),
        ("growth_only = false", 40, False),
    ],
)
def test_an_entry_that_changed_passes_as_its_key_says(key, width, passed):
    entry_results(SIZED.format(50, ""), update=True)
    expected = passed or width == 50
    assert entry_results(SIZED.format(width, key))["a"].passed == expected


def test_the_rule_of_all_entries_is_overridden_by_an_option():
    entry_results(SIZED.format(50, ""), update=True)
    config = config_of("growth_only = true\n" + SIZED.format(40, ""))
    assert run_gate(config).passed
    assert not run_gate(config.with_values(growth_only=False)).passed


def test_updates_of_different_entries_at_once_lose_none():
    names = [f"e{number}" for number in range(6)]
    config_of(*(f'[entries.{name}]\nspec = "Linear(4, 4)"\n' for name in names))
    script = "import sys; from convcost.gate.config import read_config\n"
    script += "from convcost.gate.run import run_gate; run_gate(read_config(''), [sys.argv[1]], update=True)"
    running = [
        subprocess.Popen([sys.executable, "-c", script, name], env={"PYTHONPATH": str(ROOT)})
        for name in names
    ]
    assert [each.wait() for each in running] == [0] * len(names)
    assert sorted(lock_tables()["entries"]) == names
    assert LOCK_FILE.is_file()
