"""Ctrl-C at any moment of a profile leaves nothing changed, and the next profile counts the same."""

import json

import pytest
from tracing.interrupts import MEANS
from tracing.processes import run_python


def check(count, seed, *means):
    process = run_python("-m", "tracing.interrupts", str(count), str(seed), *means, timeout=600)
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    if result["wrong"]:
        pytest.fail("\n".join([f"{len(result['wrong'])} are wrong:", *result["wrong"][:20]]))
    assert result["interrupted"] >= count * len(means) / 2


@pytest.mark.parametrize(
    ("means", "count"), [(("alarm", "kill", "interrupt_main"), 4), (("line",), 12), (("context",), 8)]
)
def test_an_interrupt_leaves_nothing_changed(means, count):
    check(count, 0, *means)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("means", MEANS)
def test_many_interrupts_leave_nothing_changed(means, seed):
    check(250, seed, means)
