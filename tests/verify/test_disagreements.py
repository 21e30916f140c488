"""What a verification finds: nothing in what is right, and each mistake with the layer that shows it."""

import pytest

from convcost.core import arithmetic
from convcost.counters import COUNTERS
from convcost.counters.interface import CounterReading, MissedOperator
from convcost.layers import KINDS
from convcost.verify.run import VerificationPlan, collect_result, run_checks

LEVEL = ("flop_counter_mode",)


def run(*kinds: str, counters=(), cases=4):
    plan = VerificationPlan(kinds, tuple(COUNTERS[name] for name in counters), cases)
    return collect_result(plan, run_checks(plan))


def shown(groups):
    return [(group.example.check, group.kinds, group.example.reason, group.example.spec) for group in groups]


IN_BLIND_SPOTS = {
    *("Bilinear", "Conv1d", "Conv2d", "Conv3d"),
    *("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    *("ScaledDotProductAttention", "MultiheadAttention"),
    *("TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"),
    *("RNN", "LSTM", "GRU", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
}
PARTS = 4
"""Parts of equal length, so that several processes can share them."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_kind_agrees_with_torch_and_every_counter_but_for_known_blind_spots(part):
    kinds = [*KINDS][part::PARTS]
    result = run(*kinds, counters=COUNTERS, cases=1)
    assert result.agrees
    assert shown(result.new) == []
    assert {kind for group in result.known for kind in group.kinds} == IN_BLIND_SPOTS & {*kinds}


def test_groups_that_are_left_out_are_found_and_shown_on_the_smallest_layer(monkeypatch):
    def ungrouped(batch, in_channels, out_channels, groups, taps):
        return batch * in_channels * out_channels * taps

    monkeypatch.setattr(arithmetic, "convolution_macs", ungrouped)
    result = run("Conv1d", counters=LEVEL)
    spec = "[2, 1] -> Conv1d(2, 2, 1, groups=2)"
    assert not result.agrees
    assert shown(result.new) == [
        ("torch", ("Conv1d",), "products on real data: 2, but 4 by the formula", spec),
        ("flop_counter_mode", ("Conv1d",), "unexplained (−4 FLOPs)", spec),
    ]


def test_a_length_that_is_wrong_is_found_by_torchs_own_shape(monkeypatch):
    def without_last_step(length, kernel_size, stride, padding, dilation):
        return (length + padding - dilation * (kernel_size - 1) - 1) // stride + 2

    monkeypatch.setattr(arithmetic, "convolution_length", without_last_step)
    result = run("Conv1d", counters=LEVEL)
    assert shown(result.new)[0] == (
        *("torch", ("Conv1d",), "output: [1, 1], but [1, 2] by the formula"),
        "[1, 1] -> Conv1d(1, 1, 1)",
    )


def test_bias_adds_are_checked_by_torchs_own_arithmetic(monkeypatch):
    from convcost.core.cost import Cost
    from convcost.layers.dense import Linear

    original = Linear.cost

    def twice(self, shape):
        cost = original(self, shape)
        return Cost(cost.macs, cost.valid_macs, 2 * cost.bias_adds)

    monkeypatch.setattr(Linear, "cost", twice)
    assert shown(run("Linear").new) == [
        ("torch", ("Linear",), "bias adds: 1, but 2 by the formula", "[1] -> Linear(1, 1)"),
        ("model", ("Linear",), "bias adds: 1, but 2 by the formula", "[1] -> Linear(1, 1)"),
    ]


def test_a_layer_that_torch_does_not_take_is_found_once_and_nothing_else_is_asked(monkeypatch):
    from convcost.core.constraints import ArgumentCheck
    from convcost.layers.pooling import AvgPool2d

    def requirements(self, shape):
        yield self.rank(shape)
        yield ArgumentCheck(self.divisor_override == 0, "only what torch refuses")
        yield ArgumentCheck(max(self.per_dimension("kernel_size")) <= min(shape[-2:]), "it fits")

    monkeypatch.setattr(AvgPool2d, "requirements", requirements)
    result = run("AvgPool2d", counters=LEVEL, cases=1)
    [(check, _, reason, spec)] = shown(result.new)
    assert (check, spec) == ("torch", "[1, 1, 1] -> AvgPool2d(1, divisor_override=0)")
    assert reason.startswith("torch does not accept it: it raised RuntimeError: divisor must be not zero")


def test_what_has_no_single_size_is_shown_with_several(monkeypatch):
    from convcost.layers.shaping import Unflatten

    original = Unflatten.output
    monkeypatch.setattr(Unflatten, "output", lambda self, shape: (*original(self, shape), 1))
    [(check, _, reason, spec), *_] = shown(run("Unflatten").new)
    assert (check, spec) == ("torch", "[1] -> Unflatten(0, (-1,))")
    assert reason == "output: [1], but [1, 1] by the formula"


def read_by(counter, monkeypatch, reading):
    monkeypatch.setattr(type(COUNTERS[counter]), "read", reading)


def test_a_counter_that_becomes_blind_is_new(monkeypatch):
    def read(self, module, args, kwargs):
        return CounterReading(0, (), (MissedOperator("0", "aten::convolution"),))

    read_by("flop_counter_mode", monkeypatch, read)
    assert shown(run("Conv1d", counters=LEVEL).new) == [
        (
            *("flop_counter_mode", ("Conv1d",), "it has no formula for aten::convolution"),
            "[1, 1] -> Conv1d(1, 1, 1)",
        )
    ]


def test_a_counter_that_raises_is_new(monkeypatch):
    def read(self, module, args, kwargs):
        raise RuntimeError("no longer so\nand more")

    read_by("fvcore", monkeypatch, read)
    assert shown(run("ReLU", counters=("fvcore",)).new) == [
        ("fvcore", ("ReLU",), "it raised RuntimeError: no longer so", "[1] -> ReLU()")
    ]


def test_a_known_blind_spot_of_one_counter_is_new_in_another(monkeypatch):
    def read(self, module, args, kwargs):
        return CounterReading(0, (), (MissedOperator("0", "aten::conv1d"),))

    read_by("fvcore", monkeypatch, read)
    assert shown(run("Conv1d", counters=("fvcore",)).new)[0][2] == "it has no formula for aten::conv1d"


def test_a_blind_spot_that_is_gone_is_said_to_be_so(monkeypatch):
    reading = COUNTERS["flop_counter_mode"].read
    read_by("torch_profiler", monkeypatch, lambda self, *call: reading(*call))
    result = run("Conv3d", counters=("torch_profiler",), cases=1)
    assert [group[:3] for group in shown(result.resolved)] == [
        ("torch_profiler", ("Conv3d",), "aten::conv3d is no longer a blind spot")
    ]
    assert (result.agrees, result.known) == (True, ())


def test_an_interrupt_is_no_disagreement(monkeypatch):
    def read(self, module, args, kwargs):
        raise KeyboardInterrupt

    read_by("fvcore", monkeypatch, read)
    with pytest.raises(KeyboardInterrupt):
        run("ReLU", counters=("fvcore",))


def test_the_caller_s_threads_and_modes_are_as_before():
    import torch

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    run("Conv1d", counters=COUNTERS, cases=1)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()
