"""The real counters on real modules: what each sees, what each is blind to, and what it says of it."""

import pytest
from counter_runs import BILINEAR, CONV, DENSE, NORMED, SAME, TRANSPOSED, counter_reading, counter_result

from convcost.core.report import CounterResult
from convcost.counters import COUNTERS
from convcost.spec import parse

FVCORE_SAME = (
    "convcost supplied the formula for padding='same' (aten::_convolution_mode), which fvcore counts as 0"
)


@pytest.mark.parametrize(
    ("counter", "raw", "unit"),
    [("fvcore", 1_600, "MAC"), ("flop_counter_mode", 3_200, "FLOP"), ("torch_profiler", 3_200, "FLOP")],
)
def test_every_counter_agrees_on_a_dense_layer(counter, raw, unit):
    assert counter_result(counter, DENSE) == CounterResult("agrees", 3_200, raw, unit, "")


@pytest.mark.parametrize(
    ("counter", "raw", "unit"), [("fvcore", 9_600, "MAC"), ("flop_counter_mode", 19_200, "FLOP")]
)
def test_two_counters_agree_on_convolutions(counter, raw, unit):
    assert counter_result(counter, CONV) == CounterResult("agrees", 19_200, raw, unit, "")


@pytest.mark.parametrize("spec", [CONV, SAME])
def test_torch_profiler_is_blind_to_conv1d_and_names_the_operator(spec):
    assert counter_result("torch_profiler", spec) == CounterResult(
        "blind", None, 0, "FLOP", f"no formula for conv1d ×2 (−{2 * 9_600:,} FLOPs)"
    )


def test_torch_profiler_counts_conv2d():
    assert counter_result("torch_profiler", "[2, 3, 8, 8] -> Conv2d(3, 6, 3)").verdict == "agrees"


def test_torch_profiler_says_what_it_counts_beside_what_it_misses():
    spec = "[2, 4, 10] -> Conv1d(4, 4, 3, padding=1) -> Linear(10, 5)"
    assert counter_result("torch_profiler", spec).raw == 2 * 400
    assert (
        counter_result("torch_profiler", spec).reason
        == f"no formula for conv1d (−{2 * 2 * 10 * 4 * 12:,} FLOPs)"
    )


def test_fvcore_is_given_the_formula_for_padding_same_and_says_so():
    assert counter_result("fvcore", SAME) == CounterResult("agrees", 19_200, 9_600, "MAC", FVCORE_SAME)


def test_fvcore_alone_counts_padding_same_as_nothing():
    from fvcore.nn import FlopCountAnalysis

    from convcost.tracing.network_module import build_network

    module, inputs = build_network(parse(SAME).network({}), "cpu")
    analysis = FlopCountAnalysis(module, inputs)
    assert analysis.unsupported_ops_warnings(False).total() == 0


@pytest.mark.parametrize("spec", [DENSE, CONV, NORMED])
def test_the_note_on_padding_same_is_only_made_where_it_holds(spec):
    assert counter_reading("fvcore", spec).note == ""


def test_fvcore_also_counts_norms_and_poolings_and_that_is_told_apart():
    found = counter_result("fvcore", NORMED)
    macs = parse(NORMED).report({}).macs
    assert (found.verdict, found.flops) == ("agrees", 2 * macs)
    assert found.raw > macs
    assert found.reason == f"elementwise counted: BatchNorm2d (+{2 * 2 * 6 * 36 * 2:,} FLOPs)"


@pytest.mark.parametrize("counter", ["fvcore", "flop_counter_mode"])
def test_transposed_convolutions_are_counted_at_their_input_positions(counter):
    assert (counter_result(counter, TRANSPOSED).verdict, counter_result(counter, TRANSPOSED).flops) == (
        "agrees",
        2 * 2 * 10 * 4 * 6 * 3,
    )


@pytest.mark.parametrize(
    ("counter", "operator"),
    [("fvcore", "bilinear"), ("flop_counter_mode", "_trilinear")],
)
def test_two_counters_are_blind_to_bilinear_and_name_the_operator(counter, operator):
    assert counter_result(counter, BILINEAR).verdict == "blind"
    assert (
        counter_result(counter, BILINEAR).reason
        == f"no formula for {operator} (−{2 * 2 * 3 * 4 * 5 + 2 * 2 * 4 * 5:,} FLOPs)"
    )


def test_torch_profiler_counts_bilinear():
    found = counter_result("torch_profiler", BILINEAR)
    assert (found.verdict, found.flops) == ("agrees", 2 * parse(BILINEAR).report({}).macs)


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_design_without_any_contraction_is_agreed_on(counter):
    assert counter_result(counter, "[2, 3, 8] -> ReLU -> MaxPool1d(2) -> Flatten").verdict == "agrees"


@pytest.mark.parametrize("counter", COUNTERS)
def test_padding_as_a_word_is_never_a_silent_zero(counter):
    found = counter_result(counter, "[2, 3, 8, 8] -> Conv2d(3, 6, 3, padding=same)")
    assert (found.verdict, found.flops) in [("agrees", 2 * 2 * 64 * 6 * 27), ("blind", None)]


@pytest.mark.parametrize("spec", [DENSE, CONV, SAME, NORMED, TRANSPOSED])
def test_flop_counter_mode_reads_the_same_on_the_meta_device(spec):
    assert counter_reading("flop_counter_mode", spec, "meta") == counter_reading("flop_counter_mode", spec)


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("spec", [DENSE, CONV, SAME, NORMED, TRANSPOSED, BILINEAR])
def test_reading_twice_gives_the_same(counter, spec):
    assert counter_reading(counter, spec) == counter_reading(counter, spec)


@pytest.mark.parametrize("counter", COUNTERS)
def test_no_counter_writes_anything(counter, capfd):
    counter_reading(counter, NORMED)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("counter", COUNTERS)
def test_no_counter_leaves_anything_on_the_module(counter):
    from convcost.tracing.network_module import build_network

    module, (example,) = build_network(parse(NORMED).network({}), "cpu")
    before = {name: (dict(vars(part)), len(part._forward_hooks)) for name, part in module.named_modules()}
    COUNTERS[counter].read(module, (example,), {})
    after = {name: (dict(vars(part)), len(part._forward_hooks)) for name, part in module.named_modules()}
    assert after.keys() == before.keys()
    assert [sorted(after[name][0]) for name in after] == [sorted(before[name][0]) for name in before]
    assert [after[name][1] for name in after] == [before[name][1] for name in before]


@pytest.mark.parametrize("counter", COUNTERS)
def test_no_counter_changes_the_callers_modes(counter):
    import torch

    counter_reading(counter, CONV)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
