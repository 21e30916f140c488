"""Ctrl-C at any moment of a profile leaves nothing changed, and the next profile counts the same."""

import json

import pytest
from modules.interrupts import MEANS
from modules.processes import run_python


def check(means, count, seed, timeout):
    process = run_python("-m", "modules.interrupts", means, str(count), str(seed), timeout=timeout)
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    if result["wrong"]:
        pytest.fail("\n".join([f"{len(result['wrong'])} of {count} are wrong:", *result["wrong"][:20]]))
    assert result["interrupted"] >= count / 2


@pytest.mark.parametrize("means", MEANS)
def test_an_interrupt_leaves_nothing_changed(means):
    check(means, 27, seed=0, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("means", MEANS)
def test_many_interrupts_leave_nothing_changed(means, seed):
    check(means, 250, seed, timeout=600)
