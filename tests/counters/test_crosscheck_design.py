"""Running counters within bounds: what is skipped, what is unavailable, and that nothing is built for it."""

import subprocess
import sys

import pytest
from counter_runs import CONV, DENSE, counter_result

from convcost.core.errors import UsageError
from convcost.counters import COUNTERS, select_counters
from convcost.counters.crosscheck import crosscheck_design
from convcost.counters.run_limits import real_bytes
from convcost.spec import parse

PAIR = ("[B, S, 10E] -> Linear(10E, E)", "[B*S, E, 10] -> 2 x Conv1d(E, E, 3, padding=1)")


BRANCHES = (
    "[1, 8, 6, 6] -> x + (Conv2d(8, 8, 3, padding=1) -> ReLU)",
    "[1, 8, 6, 6] -> x * (AdaptiveAvgPool2d(1) -> Conv2d(8, 2, 1) -> ReLU -> Conv2d(2, 8, 1) -> Sigmoid)",
    "[2, 8] -> concat(Linear(8, 4), Linear(8, 5) -> x + Linear(5, 5), dim=1)",
    "[2, 8] -> matmul(x, [8, 3]) -> add(x, [3], [2, 1])",
    '[2, 8, 6] -> einsum("bqd,bkd->bqk", Linear(6, 6), [2, 5, 6]) -> matmul(Softmax(-1), [2, 5, 7])',
    "[2, 8, 6] -> Linear(6, 4) -> permute(0, 2, 1) -> reshape(2, 32) -> Linear(32, 3) -> mean(0)",
)


@pytest.fixture
def never_built(monkeypatch):
    monkeypatch.setattr(
        "convcost.counters.crosscheck.build_network", lambda *_: pytest.fail("a module was built")
    )


def test_what_branches_make_is_in_memory_until_they_are_joined():
    branches = ", ".join(["Linear(4, 4)"] * 8)
    report = parse(f"[1, 1000, 4] -> concat({branches}, dim=2)").report({})
    joined = 8 * 4_000
    assert real_bytes(report) == 4 * (report.params + 4_000 + joined + joined)


STEM = "[8, 3, 224, 224] -> Conv2d(3, 64, 7, stride=2, padding=3)"

MEASURED = (
    ("ATen", STEM),
    ("ATen", "[8, 64, 56, 56] -> Conv2d(64, 64, 3, padding=2, dilation=2, groups=4)"),
    ("ATen", "[2, 8, 32, 64, 64] -> Conv3d(8, 8, 3, padding=1)"),
    ("ATen", "[8, 64, 10000] -> ConvTranspose1d(64, 64, 4, stride=2)"),
    ("oneDNN", "[8, 1, 512, 512] -> Conv2d(1, 1, 3, padding=1)"),
)

GROWTH = """
import resource, sys, torch
from convcost.spec import parse
from convcost.tracing.network_module import build_network

def peak(design):
    module, inputs = build_network(parse(design).network({}), "cpu")
    with torch.no_grad():
        module(*inputs)
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

torch.backends.mkldnn.set_flags(sys.argv[1] == "oneDNN")
before = peak("[1, 16, 9, 9] -> Conv2d(16, 16, 3) -> ConvTranspose2d(16, 16, 3)")
print(peak(sys.argv[2]) - before)
"""
"""Prints by how many bytes a forward pass raises the peak of the memory of its process."""

BUFFERS = 2**24
"""Bytes of code and buffers of threads, whatever the layer."""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
@pytest.mark.parametrize(("library", "spec"), MEASURED)
def test_a_convolution_stays_within_the_memory_that_is_estimated(library, spec):
    command = [sys.executable, "-W", "ignore", "-c", GROWTH, library, spec]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(run.stdout) < real_bytes(parse(spec).report({})) + BUFFERS


def test_an_ordinary_convolution_is_run_with_data():
    convolution, transposed = "Conv2d(8, 16, 3)", "ConvTranspose2d(8, 16, 3)"
    columns, output = 4 * 4 * 8 * 9, 16 * 4 * 4
    report = parse(f"[8, 6, 6] -> {convolution}").report({})
    assert real_bytes(report) == 4 * (report.params + 2 * 8 * 36 + columns + 2 * output)
    columns, output = 6 * 6 * 16 * 9, 16 * 8 * 8
    report = parse(f"[8, 6, 6] -> {transposed}").report({})
    assert real_bytes(report) == 4 * (report.params + 2 * 8 * 36 + columns + 2 * output)
    assert real_bytes(parse(STEM).report({})) < 2**27


@pytest.mark.usefixtures("never_built")
def test_a_further_input_beyond_torchs_reach_is_one_of_a_design():
    found = counter_result("fvcore", "[2, 1] -> matmul(x, [1, N] -> ReLU)", N=10**19)
    assert (found.verdict, found.reason[:34]) == ("skipped", "torch does not support a tensor of")


@pytest.mark.parametrize("counter", ["fvcore", "flop_counter_mode", "torch_profiler"])
@pytest.mark.parametrize("spec", BRANCHES)
def test_counters_agree_on_branches(counter, spec):
    found = counter_result(counter, spec)
    assert (found.verdict, found.flops) == ("agrees", parse(spec).report({}).flops)


def raising(monkeypatch, error):
    def read(self, module, args, kwargs):
        raise error

    monkeypatch.setattr(COUNTERS["fvcore"].__class__, "read", read)


@pytest.mark.usefixtures("never_built")
@pytest.mark.parametrize("spec", PAIR)
@pytest.mark.parametrize("counter", COUNTERS)
def test_a_design_beyond_torchs_reach_is_skipped_and_never_built(counter, spec):
    found = counter_result(counter, spec, B=10**12, E=10**6)
    assert (found.verdict, found.flops, found.raw) == ("skipped", None, None)
    assert found.reason.startswith("torch does not support a tensor of ")


@pytest.mark.usefixtures("never_built")
@pytest.mark.parametrize("counter", ["fvcore", "torch_profiler"])
def test_a_design_that_would_take_more_memory_than_allowed_is_skipped(counter):
    found = counter_result(counter, DENSE, memory=1_000)
    assert found.verdict == "skipped"
    assert found.reason.endswith("; --max-memory allows 1000 B")


@pytest.mark.usefixtures("never_built")
@pytest.mark.parametrize("counter", ["fvcore", "torch_profiler"])
def test_a_design_that_would_take_hours_is_skipped(counter):
    found = counter_result(counter, "[100000, 64, 100] -> Conv1d(64, 64, 99, padding=49)", memory=10**15)
    assert found.verdict == "skipped"
    assert found.reason.endswith("; the limit is 1.00 TFLOPs")


def test_flop_counter_mode_counts_what_no_memory_holds():
    found = counter_result("flop_counter_mode", PAIR[0], B=1_000, E=100_000, S=1)
    assert (found.verdict, found.flops) == ("agrees", 20 * 1_000 * 10**10)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("no room\nand more of it"), "it raised RuntimeError: no room"),
        (ValueError(), "it raised ValueError"),
        (AssertionError("x" * 500), f"it raised AssertionError: {'x' * 120}"),
        (NotImplementedError("meta"), "it raised NotImplementedError: meta"),
        (KeyError("name"), "it raised KeyError: 'name'"),
        (IndexError("range"), "it raised IndexError: range"),
        (AttributeError("gone"), "it raised AttributeError: gone"),
        (RuntimeError("\n\n"), "it raised RuntimeError"),
        (ImportError("No module named 'fvcore'"), "fvcore: No module named 'fvcore'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_counter_that_raises_is_unavailable_and_says_why_in_one_line(monkeypatch, error, reason):
    raising(monkeypatch, error)
    found = counter_result("fvcore", DENSE)
    assert (found.verdict, found.flops, found.raw, found.reason) == ("unavailable", None, None, reason)


def test_an_interrupt_is_not_taken_for_a_counters_failure(monkeypatch):
    raising(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        counter_result("fvcore", DENSE)


def test_a_counter_that_raises_does_not_keep_the_others_from_counting(monkeypatch):
    raising(monkeypatch, RuntimeError("no"))
    network = parse(DENSE).network({})
    found = dict(crosscheck_design(network, network.report(), tuple(COUNTERS.values())))
    assert [verdict.verdict for verdict in found.values()] == ["unavailable", "agrees", "agrees"]


def test_verdicts_come_one_by_one():
    network = parse(CONV).network({})
    verdicts = crosscheck_design(network, network.report(), tuple(COUNTERS.values()))
    assert next(verdicts)[0] == "fvcore"


def test_counters_are_chosen_in_the_order_they_are_named():
    assert [counter.name for counter in select_counters("torch_profiler,fvcore")] == [
        "torch_profiler",
        "fvcore",
    ]


def test_all_counters_are_chosen_together():
    assert [counter.name for counter in select_counters("all")] == list(COUNTERS)


def test_no_counter_is_chosen():
    assert select_counters("none") == ()


def test_a_counter_named_twice_is_chosen_once():
    assert [counter.name for counter in select_counters("fvcore,fvcore")] == ["fvcore"]


@pytest.mark.parametrize("names", ["fvcore,", "fvcore;torch_profiler", "FVCORE "])
def test_what_is_no_list_of_counters_is_refused(names):
    with pytest.raises(UsageError, match="no counter is called"):
        select_counters(names)


def test_all_and_none_are_not_names_in_a_list():
    with pytest.raises(UsageError, match="none can't be combined"):
        select_counters("fvcore,none")
