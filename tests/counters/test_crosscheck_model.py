"""Models run by the counters that come with convcost, and by counters that misbehave."""

import time

import pytest
import torch
from torch import nn
from tracing.models import REFERENCE, Calls

from convcost.core.diagnosis import Cause, CauseKind, DiagnosedReport
from convcost.core.errors import UsageError
from convcost.counters import ALL_COUNTERS, COUNTERS, select_model_counters
from convcost.counters.crosscheck import crosscheck_model
from convcost.counters.interface import CounterEntry, CounterReading
from convcost.system.workers import can_fork
from convcost.tracing.profile import profile

BUILT_IN = tuple(COUNTERS.values())

needs_fork = pytest.mark.skipif(not can_fork(), reason="needs a system that can fork")


class Fake:
    """A counter that does with a model what a test says."""

    name = title = "fake"
    package = "torch"
    install = "pip install torch"
    unit = "MACs"
    hook_level = "operators"
    runs_on_meta = False
    counts = blind_spots = ""

    def __init__(self, read):
        self._read = read

    def read(self, module, args, kwargs):
        return self._read(module, *args, **kwargs)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.norm = nn.BatchNorm1d(4)
        self.linear = nn.Linear(6, 5)

    def forward(self, x, scale=None):
        x = self.linear(self.norm(self.conv(x)))
        return x if scale is None else x * scale


def asked(module, *args, counters=BUILT_IN, memory=2**30, seconds=60.0, **kwargs):
    report = profile(module, *args, **kwargs)
    return DiagnosedReport(
        report, dict(crosscheck_model(module, args, kwargs, report, counters, memory, seconds))
    )


def fake(read, module=None, **options):
    module = module or nn.Linear(3, 4)
    return asked(module, torch.zeros(2, 3), counters=(Fake(read),), **options).diagnoses["fake"]


def causes(diagnosed):
    return {
        name: {(cause.kind, cause.subject): cause.flops for cause in diagnosis.causes}
        for name, diagnosis in diagnosed.diagnoses.items()
    }


@pytest.mark.parametrize("row", REFERENCE)
def test_every_difference_on_the_reference_modules_is_explained(row):
    module, inputs, macs = REFERENCE[row]()
    with torch.no_grad():
        diagnosed = asked(module.eval(), *inputs)
    assert diagnosed.macs == macs
    for diagnosis in diagnosed.diagnoses.values():
        assert diagnosis.unexplained == 0
        assert sum(cause.flops for cause in diagnosis.causes) == 2 * diagnosed.difference(diagnosis)


def test_a_small_network_is_explained_by_submodule():
    diagnosed = asked(Net().eval(), torch.zeros(2, 2, 8))
    assert diagnosed.diagnoses["fvcore"].causes == (
        Cause(CauseKind.ELEMENTWISE, "BatchNorm1d", 192, 1, ("norm",)),
    )
    assert causes(diagnosed) == {
        "fvcore": {("elementwise", "BatchNorm1d"): 192},
        "flop_counter_mode": {},
        "torch_profiler": {("formula", "aten::conv1d"): -2 * 2 * 6 * 4 * 6},
    }
    assert [diagnosis.result.verdict for diagnosis in diagnosed.diagnoses.values()] == [
        "agrees",
        "agrees",
        "blind",
    ]


def test_a_layer_called_twice_is_counted_twice_by_all():
    module, inputs, macs = REFERENCE["Linear called twice"]()
    assert [diagnosis.macs for diagnosis in asked(module, *inputs).diagnoses.values()] == [macs] * 3


def test_attention_fused_into_one_operator_is_named():
    module, inputs, macs = REFERENCE["MultiheadAttention"]()
    missed = {("attention", "aten::_native_multi_head_attention"): -2 * macs}
    with torch.no_grad():
        found = causes(asked(module.eval(), *inputs))
        reasons = asked(module.eval(), *inputs).diagnoses["fvcore"].reason
    assert (found["fvcore"], found["flop_counter_mode"], found["torch_profiler"]) == (missed, missed, {})
    assert "×" not in reasons, "one call, although it stands for several of the trace"


def test_attention_is_not_fused_where_gradients_are_asked_for():
    module, inputs, _ = REFERENCE["MultiheadAttention"]()
    found = causes(asked(module.eval(), *inputs))
    assert (found["fvcore"], found["flop_counter_mode"]) == ({}, {})


def test_padding_as_a_word_is_counted_with_the_formula_that_fvcore_is_given_and_that_is_said():
    module = nn.Conv1d(2, 4, 3, padding="same")
    fvcore = asked(module, torch.zeros(1, 2, 5)).diagnoses["fvcore"]
    assert (fvcore.result.verdict, fvcore.result.raw, fvcore.causes) == ("agrees", 2 * 4 * 3 * 5, ())
    assert fvcore.remarks == (
        "convcost supplied the formula for padding='same' (aten::_convolution_mode), "
        "which fvcore counts as 0",
    )


def test_keyword_arguments_reach_every_counter():
    diagnosed = asked(Net().eval(), x=torch.zeros(2, 2, 8), scale=torch.ones(5))
    assert [diagnosis.unexplained for diagnosis in diagnosed.diagnoses.values()] == [0, 0, 0]
    assert diagnosed.diagnoses["fvcore"].macs > diagnosed.macs


def test_a_model_without_data_is_given_zeros():
    with torch.device("meta"):
        module, x = Net().eval(), torch.zeros(2, 2, 8)
    diagnosed = asked(module, x)
    assert diagnosed.diagnoses["fvcore"].macs == diagnosed.macs + 96
    assert all(parameter.is_meta for parameter in module.parameters())


def test_a_shared_parameter_stays_shared_when_it_is_given_zeros():
    with torch.device("meta"):
        module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        module[1].weight = module[0].weight

    def read(module, x):
        assert module[0].weight is module[1].weight
        module(x)
        return CounterReading(18, (CounterEntry("0", "Linear", 9), CounterEntry("1", "Linear", 9)))

    report = profile(module, torch.zeros(1, 3, device="meta"))
    found = dict(crosscheck_model(module, (torch.zeros(1, 3, device="meta"),), {}, report, (Fake(read),)))
    assert found["fake"].result.verdict == "agrees"


def test_what_would_take_too_much_memory_is_skipped_or_run_without_data():
    diagnosed = asked(Net().eval(), torch.zeros(2, 2, 8), memory=100)
    assert [diagnosis.result.verdict for diagnosis in diagnosed.diagnoses.values()] == [
        "skipped",
        "agrees",
        "skipped",
    ]
    assert diagnosed.diagnoses["flop_counter_mode"].remarks == ("ran on the meta device",)


@needs_fork
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_model_is_left_as_it_was(mode):
    module = getattr(Net(), mode)()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    attributes = [sorted(vars(part)) for part in module.modules()]

    def read(module, x):
        module.eval()
        module.flops = 3
        module.register_forward_hook(print)
        torch.nn.functional.linear = None
        torch.nn.init.zeros_(module.conv.weight)
        return CounterReading(0, ())

    linear = torch.nn.functional.linear
    diagnosis = asked(module, torch.zeros(2, 2, 8), counters=(Fake(read),)).diagnoses["fake"]
    assert diagnosis.remarks == (
        *(["leaves the model in eval mode"] if mode == "train" else []),
        "leaves hooks on the model",
        "adds attributes of its modules: flops",
        "changes the data of conv.weight",
        "leaves torch.nn.functional.linear patched",
    )
    assert module.training is (mode == "train")
    assert attributes == [sorted(vars(part)) for part in module.modules()]
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.nn.functional.linear is linear


class Remembering(Net):
    """Keeps its last output, and counts its calls in a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        self.last = super().forward(x)
        return self.last


@needs_fork
@pytest.mark.parametrize("make", [Net, Remembering])
def test_what_the_model_itself_changes_in_a_run_is_no_side_effect_of_a_counter(make):
    found = asked(make().train(), torch.randn(2, 2, 8))
    assert {name: diagnosis.remarks for name, diagnosis in found.diagnoses.items()} == dict.fromkeys(
        found.diagnoses, ()
    )

    def read(module, x):
        module(x)
        module.conv.weight.data.zero_()
        return CounterReading(0, ())

    diagnosis = asked(make().train(), torch.randn(2, 2, 8), counters=(Fake(read),)).diagnoses["fake"]
    assert diagnosis.remarks == ("changes the data of conv.weight",)


def test_a_counter_that_raises_is_reported_with_its_error_and_what_it_left():
    def read(module, x):
        module.seen = x
        raise RuntimeError("no such layer\nat all")

    diagnosis = fake(read)
    assert (diagnosis.result.verdict, diagnosis.result.raw) == ("unavailable", None)
    assert diagnosis.result.reason == "it raised RuntimeError: no such layer"
    assert diagnosis.remarks == ("adds attributes of its modules: seen",)


@needs_fork
def test_a_reading_of_wrong_types_is_reported():
    diagnosis = fake(lambda *_: CounterReading(18.5, ()))
    assert (diagnosis.result.verdict, diagnosis.result.raw) == ("unavailable", None)
    assert diagnosis.result.reason == "its reading has values of wrong types"


@needs_fork
def test_a_counter_that_dies_is_reported():
    import os

    diagnosis = fake(lambda *_: os.kill(os.getpid(), 11))
    assert (diagnosis.result.verdict, diagnosis.result.reason) == ("unavailable", "it was ended by SIGSEGV")


@needs_fork
def test_a_counter_that_hangs_is_ended():
    diagnosis = fake(lambda *_: time.sleep(60), seconds=0.5)
    assert diagnosis.result.reason == "it did not finish within 0.5 seconds"


def test_a_counter_that_fails_keeps_none_of_the_others_from_counting():
    def read(module, x):
        raise MemoryError

    found = asked(nn.Linear(3, 4), torch.zeros(2, 3), counters=(Fake(read), *BUILT_IN))
    assert [diagnosis.result.verdict for diagnosis in found.diagnoses.values()] == [
        "unavailable",
        *["agrees"] * 3,
    ]


def test_a_counter_whose_package_is_missing_says_how_to_install_it():
    counter = Fake(None)
    counter.package, counter.install = "no-such-package", "pip install it"
    found = asked(nn.Linear(3, 4), torch.zeros(2, 3), counters=(counter,)).diagnoses["fake"]
    assert (found.result.verdict, found.result.reason) == (
        "unavailable",
        "no-such-package is not installed: pip install it",
    )


class Uncopied(nn.Linear):
    def __deepcopy__(self, memo):
        raise TypeError("one of a kind")


@needs_fork
def test_a_model_that_cannot_be_copied_is_counted_all_the_same():
    module = Uncopied(3, 4)
    found = asked(module, torch.zeros(2, 3))
    assert [diagnosis.macs for diagnosis in found.diagnoses.values()] == [24, 24, 24]


@pytest.mark.parametrize(
    ("counted", "frozen", "remark"),
    [
        (16, False, ()),
        (4, True, ("counts 4 parameters instead of 16: without frozen ones",)),
        (99, False, ("counts 99 parameters instead of 16",)),
        (None, False, ()),
    ],
)
def test_another_number_of_parameters_is_remarked_upon(counted, frozen, remark):
    module = nn.Linear(3, 4)
    module.weight.requires_grad_(not frozen)
    reading = CounterReading(24, (CounterEntry("", "Linear", 24),), params=counted)
    assert fake(lambda *_: reading, module).remarks == remark


def test_tied_parameters_that_count_for_each_name_are_told():
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    counted = (CounterEntry("0", "Linear", 18), CounterEntry("1", "Linear", 18))
    assert fake(lambda *_: CounterReading(36, counted, params=24), module).remarks == (
        "counts 24 parameters instead of 15: tied ones once per name",
    )


def test_opinions_come_one_by_one():
    module, x = nn.Linear(3, 4), torch.zeros(2, 3)
    heard = crosscheck_model(module, (x,), {}, profile(module, x), BUILT_IN)
    assert next(heard)[0] == "fvcore"


def test_a_backward_in_the_report_is_not_compared_with_a_forward():
    from convcost.tracing.profile import Profiler

    module, x = nn.Linear(3, 4), torch.zeros(2, 3)
    report = Profiler(backward=True).profile(module, x)
    found = DiagnosedReport(report, dict(crosscheck_model(module, (x,), {}, report, BUILT_IN)))
    assert [diagnosis.result.verdict for diagnosis in found.diagnoses.values()] == ["agrees"] * 3


def test_work_that_no_submodule_owns_belongs_to_the_one_that_calls_it():
    module = Calls(lambda net, a, b: a @ b + net.linear(a), linear=nn.Linear(6, 6))
    profiler = asked(module, torch.zeros(6, 6), torch.zeros(6, 6)).diagnoses["torch_profiler"]
    assert profiler.causes == (Cause(CauseKind.ELEMENTWISE, "aten::add", 36, 1, ("",)),)


def test_all_counters_are_those_that_are_installed():
    names = [counter.name for counter in select_model_counters("all")]
    assert names[:3] == list(COUNTERS)
    assert set(names) <= set(ALL_COUNTERS)


def test_a_peer_can_be_named_whether_it_is_installed_or_not():
    assert [counter.name for counter in select_model_counters("ptflops,fvcore")] == ["ptflops", "fvcore"]


def test_what_is_no_counter_is_refused_with_a_near_name():
    with pytest.raises(UsageError, match=r"no counter is called ptflop \(did you mean ptflops\?\)"):
        select_model_counters("ptflop")


def test_a_reading_is_told_from_process_to_process_whole():
    import json

    from convcost.counters.interface import MissedOperator
    from convcost.counters.subprocess_runner import CounterOutcome, read_outcome

    counted = CounterEntry("a.b", "aten::mm", 2**100, (("bias adds", -3), ("elementwise", 4)), 7)
    reading = CounterReading(5, (counted,), (MissedOperator("", "aten::mv", 2),), (counted,), 9, "note")
    for told in (CounterOutcome(reading, "", ("leaves",)), CounterOutcome(None, "it raised", ())):
        assert read_outcome(json.loads(json.dumps(told))) == told
