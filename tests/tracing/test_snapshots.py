"""A snapshot sees what a real run of each hostile module changes, and nothing where nothing is changed."""

import pytest
import torch
from tracing.hostile import outcome, warm
from tracing.hostile_cases import CASES, QUICK
from tracing.process_state import SETTINGS, process_restored, process_state
from tracing.snapshots import differences, snapshot

HARMLESS = {
    *(f"within/NumPy array/{act}" for act in ("data", "requires_grad_", "grad")),
    *(f"module/{act}" for act in ("copy", "inference", "autograd.grad", "checkpoint", "functional_call")),
    *("module/profile of a part", "module/grad of func", "module/vmap"),
    *("python/thread", "uncopyable/thread pool", "uncopyable/database", "uncopyable/pointer"),
    *("uncopyable/Python module", "uncopyable/lambda", "uncopyable/non-leaf tensor"),
}
"""What can't be seen, since it is undone or goes to a copy."""

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module", autouse=True)
def _warm():
    warm()


@pytest.fixture(autouse=True)
def restored():
    before = process_state()
    with process_restored():
        yield
    after = process_state()
    assert [name for name in SETTINGS if before[name] != after[name]] in ([], ["active threads"])


def snapshot_of(subject):
    return snapshot(subject.module, subject.inputs, subject.others)


def check(case):
    subject = CASES[case]()
    before = snapshot_of(subject)
    assert differences(before, snapshot_of(subject)) == []
    result = outcome(lambda: subject.module(*subject.inputs))
    assert type(result) is (subject.raises or torch.Tensor), result
    assert bool(differences(before, snapshot_of(subject))) == (case not in HARMLESS)


@pytest.mark.parametrize("case", QUICK)
def test_what_a_real_run_changes_is_seen(case):
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case not in QUICK])
def test_what_any_real_run_changes_is_seen(case):
    check(case)
