"""A module, its inputs and the process are exactly as before, whatever the module's forward does to them."""

import pytest
from tracing.hostile import RUNS, outcome, warm
from tracing.hostile_cases import CASES, QUICK
from tracing.process_state import process_restored
from tracing.snapshots import differences, snapshot

from convcost.core.errors import ConvcostError

USED_AS_THEY_ARE = ("uncopyable/generator", "uncopyable/file on disk")
"""What Python can't copy, and so advances with the run, as the docs say."""

OFTEN = tuple(run for run in RUNS if run != "counters")
"""The runs within this process, which take milliseconds."""

FAST = [(case, OFTEN[number % len(OFTEN)]) for number, case in enumerate(QUICK)]

SLOW = [(case, run) for case in CASES for run in OFTEN if (case, run) not in FAST]

COUNTED = [
    case for number, case in enumerate(CASES) if number % 7 == 0 or case.startswith(("inputs", "uncopyable"))
]

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def restored():
    with process_restored():
        yield


@pytest.fixture(scope="module", autouse=True)
def _warm():
    warm()


def check(case, run):
    """Three times in a row, by what is left and by what is returned; then the user's own call works."""
    subject = CASES[case]()
    before = snapshot(subject.module, subject.inputs, subject.others)
    found = []
    for _ in range(3):
        found.append(outcome(lambda: RUNS[run](subject.module, *subject.inputs)))
        left = differences(before, snapshot(subject.module, subject.inputs, subject.others))
        if left and case not in USED_AS_THEY_ARE:
            pytest.fail("\n".join(left[:12]))
    if subject.is_uncopyable and all(isinstance(result, ConvcostError) for result in found):
        return
    if subject.raises:
        assert {type(result) for result in found} == {subject.raises}
        return
    for result in found:
        if isinstance(result, BaseException):
            raise result
    assert len({result.macs for result in found}) == 1
    if subject.macs is not None and run != "backward":
        assert found[0].macs == subject.macs
    assert subject.module(*subject.inputs).shape[-1] == 4


@pytest.mark.parametrize(("case", "run"), FAST)
def test_nothing_is_changed(case, run):
    check(case, run)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "run"), SLOW)
def test_nothing_is_changed_by_any_run(case, run):
    check(case, run)


@pytest.mark.slow
@pytest.mark.parametrize("case", COUNTED)
def test_nothing_is_changed_by_counters(case):
    check(case, "counters")


def test_there_are_many_cases():
    assert len(CASES) >= 160
