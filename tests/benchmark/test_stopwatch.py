"""Timing for real, as little as can be: what is timed, and what is refused."""

import pytest
import torch
from quick_timing import quick_stopwatch, timed_module, timed_specs
from torch import nn
from tracing.processes import run_python

import convcost
from convcost.benchmark import hardware, settings
from convcost.benchmark.stopwatch import needed_bytes
from convcost.benchmark.timing import times_ratio
from convcost.core.errors import UsageError


def test_two_designs_are_timed_beside_each_other():
    first, second = timed_specs("[2, 8] -> Linear(8, 4)", "[2, 8, 5] -> Conv1d(8, 4, 3)", threads=1)
    for report in (first, second):
        [run] = report.time.runs
        assert (run.what, run.flops, run.failure) == ("forward", report.flops, "")
        assert len(run.samples.seconds) == 3
        assert all(seconds > 0 for seconds in run.samples.seconds)
        assert (report.time.threads, report.time.dtype, report.time.device) == (1, "float32", "cpu")
    assert times_ratio(first.time.forward, second.time.forward) > 0


def test_designs_with_branches_and_several_inputs_are_timed():
    first, second = timed_specs(
        "[2, 8] -> concat(Linear(8, 4), x + ReLU, dim=1)",
        "[2, 8] -> x + [2, 8] -> matmul(Linear(8, 8), [8, 3])",
        threads=1,
        backward=True,
    )
    for report in (first, second):
        assert [(run.what, run.failure) for run in report.time.runs] == [("forward", ""), ("step", "")]
        assert all(seconds > 0 for run in report.time.runs for seconds in run.samples.seconds)


def test_from_python_designs_are_timed_in_one_call():
    found = convcost.timed(
        "[2, E] -> Linear(E, 4)", "[2, E] -> Linear(E, E)", stopwatch=quick_stopwatch(), E=8
    )
    assert all(report.time.forward.samples for report in found.candidates)
    with pytest.raises(UsageError, match="timing needs a value for E"):
        convcost.timed("[2, E] -> Linear(E, 4)", "[2, E] -> Linear(E, E)")
    with pytest.raises(UsageError, match="timing needs a value for E\n"):
        convcost.timed("Linear(E, 4)", "Linear(E, E)")


REFUSED = {
    "a number": "convcost.timed(3)",
    "one design": 'convcost.timed("Linear(2, 2)")',
    "an invalid spec": 'convcost.timed("Linear(2, 2", "Linear(2, 2)")',
    "an open size": 'convcost.timed("Linear(2, E)", "Linear(2, F)", E=1)',
    "no stopwatch": 'convcost.timed("Linear(2, 2)", "Linear(2, 3)", stopwatch=3)',
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_wrong_arguments_are_refused_before_torch_is_imported(call):
    result = run_python(
        "-c",
        f"import sys, convcost\ntry: {call}\nexcept convcost.ConvcostError: print('torch' in sys.modules)\n",
    )
    assert (result.stdout, result.stderr) == ("False\n", "")


def test_from_python_a_module_comes_with_its_inputs():
    module = nn.Linear(8, 4)
    found = convcost.timed((module, torch.ones(2, 8)), "[2, 8] -> Linear(8, 4)", stopwatch=quick_stopwatch())
    assert [report.time.forward.flops for report in found.candidates] == [2 * 2 * 8 * 4] * 2
    with pytest.raises(UsageError, match=r"Linear\.forward needs its input"):
        convcost.timed(module, "[2, 8] -> Linear(8, 4)")


@pytest.mark.parametrize(
    "spec", ["[2, 8, 5] -> Conv1d(8, 4, 3) -> ReLU", "[2, 3, 5] -> Flatten -> Linear(15, 2)"]
)
def test_a_training_step_has_the_flops_of_its_gradients(spec):
    [report] = timed_specs(spec, backward=True)
    forward, step = report.time.runs
    assert (forward.what, step.what) == ("forward", "step")
    module = (
        nn.Sequential(nn.Conv1d(8, 4, 3), nn.ReLU())
        if "Conv" in spec
        else nn.Sequential(nn.Flatten(), nn.Linear(15, 2))
    )
    trace = convcost.Profiler(backward=True).profile(module, torch.zeros(report.input)).trace
    assert step.flops == sum(2 * operation.cost.macs for operation in trace.operations) > forward.flops


def test_a_module_with_its_gradients_counted_is_timed_with_them():
    forward, step = timed_module(nn.Linear(8, 4), torch.zeros(2, 8), backward=True).runs
    assert (forward.flops, step.flops) == (2 * 64, 2 * 128)


def test_a_training_step_is_in_training_mode_and_a_forward_as_it_was():
    modes = []

    class Net(nn.Linear):
        def forward(self, x):
            modes.append((torch.is_grad_enabled(), self.training))
            return super().forward(x)

    for module, expected in ((Net(8, 4).eval(), False), (Net(8, 4), True)):
        modes.clear()
        timed_module(module, torch.zeros(2, 8), backward=True)
        timed = modes[modes.index((False, expected)) :]
        assert set(timed) == {(False, expected), (True, True)}


def test_parts_that_are_frozen_stay_so():
    frozen = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4).eval())
    _, step = timed_module(frozen, torch.ones(1, 4), backward=True).runs
    assert step.samples
    _, step = timed_module(frozen.eval(), torch.ones(1, 4), backward=True).runs
    assert "more than 1 value per channel" in step.failure


def test_what_has_nothing_to_train_has_no_step():
    _, step = timed_specs("[2, 8] -> ReLU", backward=True)[0].time.runs
    assert step.samples is None
    assert step.failure == "no output has a gradient, so there is no backward to time"


def test_the_dtype_is_that_of_the_numbers():
    seen = []

    class Net(nn.Linear):
        def forward(self, x):
            seen.append((x.dtype, self.weight.dtype))
            return super().forward(x)

    time = timed_module(Net(8, 4), torch.zeros(2, 8), dtype="bf16")
    assert time.dtype == "bfloat16"
    assert seen[-1] == (torch.bfloat16, torch.bfloat16)


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("int8", "torch's layers can't compute in int8"),
        ("tf32", "tfloat32 is only for CUDA"),
        ("f31", "no dtype is called f31"),
    ],
)
def test_a_dtype_that_nothing_computes_in_here_is_refused(dtype, message):
    with pytest.raises(UsageError, match=message):
        timed_specs("[2, 8] -> Linear(8, 4)", dtype=dtype, on="cpu")


def test_a_place_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="torch finds no CUDA device"):
        timed_specs("[2, 8] -> Linear(8, 4)", on="cuda")
    with pytest.raises(UsageError, match="--on must be cpu or cuda, not gpu"):
        timed_specs("[2, 8] -> Linear(8, 4)", on="gpu")


def test_what_does_not_fit_in_memory_is_not_built(monkeypatch):
    monkeypatch.setattr("convcost.benchmark.stopwatch.free_bytes", lambda on: 10**6)
    report = convcost.cost("[2, 1000] -> Linear(1000, 1000)")
    with pytest.raises(
        UsageError, match=r"timing would need about 3\.83 MiB of memory, but 977 KiB are free"
    ):
        quick_stopwatch().timed((report,), lambda: pytest.fail("it was built"))


def test_a_training_step_needs_more_memory_and_half_the_dtype_half():
    report = convcost.cost("[64, 100] -> Linear(100, 100) -> ReLU -> Linear(100, 100)")
    needed = [needed_bytes(report, "float32", backward) for backward in (False, True)]
    assert needed[1] > 2 * 4 * report.params > needed[0]
    assert needed_bytes(report, "bfloat16", False) == needed[0] // 2


def test_free_memory_is_what_the_system_says(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 16 kB\nMemAvailable:       12 kB\n")
    monkeypatch.setattr(hardware, "MEMINFO", tmp_path / "meminfo")
    assert hardware.free_bytes("cpu") == 12 * 1024
    monkeypatch.setattr(hardware, "MEMINFO", tmp_path / "nothing")
    assert hardware.free_bytes("cpu") > 2**20


@pytest.mark.parametrize("threads", [-1, 10**6])
def test_threads_that_there_can_t_be_are_refused(threads):
    with pytest.raises(UsageError, match=f"threads is {threads}; it must be 1 to 4,096"):
        timed_specs("[2, 8] -> Linear(8, 4)", threads=threads)


def test_a_slow_call_is_not_warmed_up_in_every_block(monkeypatch):
    monkeypatch.setattr(settings, "SLOW_CALL", 0.0)
    calls = []
    assert settings.torch_timer(lambda: calls.append(0))(1) > 0
    assert len(calls) == 1


def test_where_compiling_fails_it_says_why_in_one_line(monkeypatch):
    def broken(module):
        def run(*args):
            raise RuntimeError(
                "backend='inductor' raised:\nInvalidCxxCompiler: No working C++ compiler\n\nSet TORCH_X=1"
            )

        return run

    monkeypatch.setattr(torch, "compile", broken)
    plain, compiled = timed_specs("[2, 8] -> Linear(8, 4)", compile=True)[0].time.runs
    assert plain.samples
    assert compiled.samples is None
    assert compiled.failure == (
        "RuntimeError: backend='inductor' raised: InvalidCxxCompiler: No working C++ compiler"
    )


def test_what_is_compiled_is_timed_beside_the_rest(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda module: module)
    runs = timed_specs("[2, 8] -> Linear(8, 4)", compile=True, backward=True)[0].time.runs
    assert [(run.what, run.compiled) for run in runs] == [
        ("forward", False),
        ("step", False),
        ("forward", True),
        ("step", True),
    ]


def test_what_is_done_is_told():
    told = []

    def watch(work, steps):
        told.append((work, len(steps)))
        return steps

    timed_specs("[2, 8] -> Linear(8, 4)", "[2, 8] -> ReLU", progress=watch)
    assert told == [("warming up", 2), ("timing, round", 3)]


def test_a_block_is_timed_by_torch_itself(monkeypatch):
    """Its own timer warms up, sets the threads and waits for a GPU."""
    seen = []

    class Timer:
        def __init__(self, stmt, globals, num_threads):  # noqa: A002
            seen.append(num_threads)

        def timeit(self, number):
            return type("Measurement", (), {"mean": 0.5})

    monkeypatch.setattr("torch.utils.benchmark.Timer", Timer)
    [report] = timed_specs("[2, 8] -> Linear(8, 4)", threads=1)
    assert set(seen) == {1}
    assert report.time.forward.samples.median == 0.5


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("dtype", ["float32", "tfloat32", "bfloat16"])
def test_on_a_gpu_it_is_timed_there(dtype):
    before = torch.cuda.get_rng_state().tolist()
    [report] = timed_specs("[64, 512] -> Linear(512, 512)", on="cuda", dtype=dtype, backward=True)
    assert report.time.device == torch.cuda.get_device_name()
    assert all(run.samples for run in report.time.runs)
    assert torch.cuda.get_rng_state().tolist() == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_is_measured():
    from convcost.benchmark.peaks import measure_machine

    machine = measure_machine("cuda", 0, lambda text: None)
    assert machine.peaks["tfloat32"].value > machine.peaks["float32"].value
    assert machine.memory
