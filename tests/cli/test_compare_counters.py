"""`convcost compare` beside the counters: their verdicts, what they may take, and the exit code."""

import json

import pytest
from cli_runner import FOUNDING, convcost

from convcost.counters import COUNTERS
from convcost.counters.interface import CounterEntry, CounterReading, MissedOperator

FOUNDING_COUNTERS = """\
 counter                         reported   FLOPs compared   verdict
─────────────────────────────────────────────────────────────────────
 fvcore, dense               163,840 MACs          327,680    agrees
 fvcore, conv                983,040 MACs        1,966,080    agrees
 FlopCounterMode, dense     327,680 FLOPs          327,680    agrees
 FlopCounterMode, conv    1,966,080 FLOPs        1,966,080    agrees
 torch.profiler, dense      327,680 FLOPs          327,680    agrees
 torch.profiler, conv                   –                –     blind

 fvcore agrees (conv): convcost supplied the formula for padding='same'
 (aten::_convolution_mode), which fvcore counts as 0.
 torch.profiler is blind (conv): no formula for conv1d ×2 (−1,966,080 FLOPs).

"""


def counted(*arguments):
    outcome = convcost(*FOUNDING, *arguments, "--json")
    differs = outcome.code == 1
    assert outcome.err == ("convcost: differs from the exact count: fvcore\n" if differs else "")
    dense, conv = json.loads(outcome.out)["candidates"]
    return outcome.code, dense["counters"], conv["counters"]


def verdicts(counters):
    return {name: counter["verdict"] for name, counter in counters.items()}


@pytest.fixture
def reads(monkeypatch):
    """Makes fvcore read what a test says."""

    def make(reading):
        monkeypatch.setattr(COUNTERS["fvcore"].__class__, "read", lambda *_: reading)

    return make


def test_the_counters_stand_below_the_costs():
    code, out, err = convcost(*FOUNDING)
    assert (code, err) == (0, "")
    assert out.endswith(f"(convention: matmul, full).\n\n{FOUNDING_COUNTERS}")


def test_every_counter_gives_its_verdict_on_every_candidate():
    agreed = dict.fromkeys(("fvcore", "flop_counter_mode", "torch_profiler"), "agrees")
    assert [verdicts(counters) for counters in counted()[1:]] == [
        agreed,
        agreed | {"torch_profiler": "blind"},
    ]


def test_only_the_named_counters_are_asked():
    _, dense, conv = counted("--counters", "fvcore,torch_profiler")
    assert (list(dense), list(conv)) == (["fvcore", "torch_profiler"], ["fvcore", "torch_profiler"])


def test_counters_are_named_with_spaces_between_too():
    assert list(counted("--counters", "torch_profiler, fvcore")[1]) == ["torch_profiler", "fvcore"]


def test_strict_exits_with_1_when_a_counter_differs(reads):
    reads(CounterReading(1, (CounterEntry("", "linear", 1),)))
    assert counted("--counters", "fvcore", "--strict")[0] == 1


def test_without_strict_a_counter_that_differs_is_no_failure(reads):
    reads(CounterReading(1, (CounterEntry("", "linear", 1),)))
    assert counted("--counters", "fvcore")[0] == 0


def test_strict_still_prints_the_result(reads):
    reads(CounterReading(1, (CounterEntry("", "linear", 1),)))
    assert verdicts(counted("--counters", "fvcore", "--strict")[1]) == {"fvcore": "differs"}


def test_a_blind_counter_is_no_failure_under_strict(reads):
    reads(CounterReading(0, (), (MissedOperator("0", "aten::conv1d"), MissedOperator("1", "aten::conv1d"))))
    code, dense, _ = counted("--counters", "fvcore", "--strict")
    assert (code, verdicts(dense)) == (0, {"fvcore": "blind"})


def test_a_skipped_counter_is_no_failure_under_strict():
    code, dense, _ = counted("--counters", "fvcore", "--strict", "--max-memory", "1KB")
    assert (code, verdicts(dense)) == (0, {"fvcore": "skipped"})


def test_a_counter_beyond_the_allowed_memory_says_how_much_it_would_take():
    _, dense, conv = counted("--counters", "fvcore", "--max-memory", "1KiB")
    assert dense["fvcore"] == {
        "verdict": "skipped",
        "flops": None,
        "raw": None,
        "raw_unit": "MAC",
        "reason": "a run with data would need 646 KiB; --max-memory allows 1 KiB",
    }
    assert conv["fvcore"]["reason"].startswith("a run with data would need ")


def test_a_counter_that_needs_no_memory_is_not_skipped_for_lack_of_it():
    assert verdicts(counted("--counters", "flop_counter_mode", "--max-memory", "1KB")[2]) == {
        "flop_counter_mode": "agrees"
    }


def test_the_convention_does_not_move_what_counters_are_held_against():
    _, dense, conv = counted("--counters", "fvcore", "--count", "all", "--taps", "valid")
    assert (dense["fvcore"]["flops"], conv["fvcore"]["flops"]) == (327_680, 1_966_080)
    assert (verdicts(dense), verdicts(conv)) == ({"fvcore": "agrees"}, {"fvcore": "agrees"})
