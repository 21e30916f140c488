"""Least times: hand-worked numbers, the same of a spec and a module, formulas that hold at every number."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import convcost
from convcost import Convention, parse
from convcost.analysis.roofline import RooflineBound, batch_bound_changes, roofline
from convcost.analysis.workloads import Workload, workloads
from convcost.core.errors import UsageError
from convcost.devices.catalogue import device_named
from convcost.devices.device import Device
from convcost.symbolic.sympy_expressions import evaluate
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import Profiler

DEVICE = Device("toy", "Toy", "nobody", "gpu", 2026, {"float32": 1000, "bfloat16": 4000}, 100)
"""1,000 FLOP/s and 100 bytes/s: compute-bound from 10 FLOPs a byte on; in bfloat16 from 40."""

DENSE = "[B, S, L*E] -> Linear(L*E, E)"
CONV = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"


def test_a_dense_layer_by_hand():
    found = roofline(convcost.cost("[2, 10] -> Linear(10, 4)"), DEVICE)
    [bound] = found.bounds
    assert bound.workload.flops == 2 * 2 * 10 * 4
    assert bound.workload.bytes == 4 * (2 * 10 + 10 * 4 + 4 + 2 * 4)
    assert (bound.compute, bound.memory) == (Fraction(160, 1000), Fraction(288, 100))
    assert (bound.by, bound.seconds, bound.intensity) == ("memory", Fraction(288, 100), Fraction(160, 288))


def test_another_dtype_has_another_peak_and_other_bytes():
    report = convcost.cost("[64, 512] -> Linear(512, 512, bias=False)")
    single, half = (roofline(report, DEVICE, dtype) for dtype in ("", "bf16"))
    assert (single.dtype, half.dtype) == ("float32", "bfloat16")
    assert half.bytes * 2 == single.bytes
    assert half.bounds[0].compute * 4 == single.bounds[0].compute


def test_six_times_the_flops_can_take_less_time():
    """With one position the dense layer's weights are read for it alone; the convolution's are fewer."""
    dense, conv = (
        roofline(convcost.cost(design, E=128, L=10), device_named("a100"), "bf16") for design in (DENSE, CONV)
    )
    assert conv.flops == 6 * dense.flops
    assert conv.seconds < dense.seconds
    many = [
        roofline(convcost.cost(design, E=128, L=10, B=4096), device_named("a100"), "bf16")
        for design in (DENSE, CONV)
    ]
    assert many[1].seconds > 3 * many[0].seconds


def test_a_view_moves_nothing_and_a_lookup_only_its_rows():
    found = roofline(convcost.cost("[2, 3] -> Embedding(1000, 8) -> Flatten -> Dropout -> Identity"), DEVICE)
    assert [bound.workload.bytes for bound in found.bounds] == [8 * 6 + 2 * 4 * 48, 0, 0, 0]
    assert [bound.intensity for bound in found.bounds] == [0, 0, 0, 0]


def test_a_bag_reads_a_row_for_each_of_its_indices_and_writes_one():
    found = roofline(convcost.cost("[2, 3] -> EmbeddingBag(1000, 8)"), DEVICE)
    assert [bound.workload.bytes for bound in found.bounds] == [8 * 6 + 4 * 6 * 8 + 4 * 2 * 8]


def moved(spec, dtype=""):
    return [bound.workload.bytes for bound in roofline(convcost.cost(spec), DEVICE, dtype).bounds]


def test_a_join_reads_all_of_its_inputs_and_one_that_it_reads_twice_once():
    assert moved("[2, 3] -> x + ReLU") == [4 * (6 + 6), 4 * (6 + 6 + 6)]
    assert moved("[2, 3] -> x * x") == [4 * (6 + 6)]
    assert moved("[2, 3] -> concat(x, [2, 5], dim=1)") == [4 * (6 + 10 + 16)]
    assert moved("[2, 3] -> matmul(x, [3, 5])") == [4 * (6 + 15 + 10)]
    assert moved("[2, 3] -> add(x, [3], [1])") == [4 * (6 + 3 + 1 + 6)]


def test_what_lies_between_branches_is_moved_by_each_that_reads_it():
    found = roofline(convcost.cost("[2, 3] -> ReLU -> x + Linear(3, 3) * Tanh"), DEVICE)
    relu, linear, tanh, product, total = (12, 6 + 12 + 6, 12, 18, 18)
    assert found.bytes == 4 * (relu + linear + tanh + product + total)


def test_a_layer_with_a_dtype_moves_bytes_of_it_unless_all_are_to_be_of_one_dtype():
    spec = "[2, 3] -> Linear(3, 5, dtype=torch.float16) -> ReLU"
    assert moved(spec) == [2 * (6 + 20 + 10), 2 * (10 + 10)]
    assert moved(spec, "float32") == [4 * (6 + 20 + 10), 4 * (10 + 10)]


def test_the_time_is_shared_out_between_the_bounds():
    found = roofline(convcost.cost("[64, 64] -> Linear(64, 64) -> ReLU"), DEVICE)
    linear, relu = found.bounds
    assert (linear.by, relu.by) == ("compute", "memory")
    assert found.seconds == linear.compute + relu.memory
    assert found.seconds_by("compute") + found.seconds_by("memory") == found.seconds
    assert found.share("compute") + found.share("memory") == 1


def test_flops_are_those_of_the_convention():
    report = parse("[8, 8] -> Linear(8, 8) -> ReLU").report({}, Convention("all"))
    assert [bound.workload.flops for bound in roofline(report, DEVICE).bounds] == [2 * 512 + 64, 64]


def test_a_dtype_without_a_peak_is_refused():
    with pytest.raises(UsageError, match="toy has no peak for float64"):
        roofline(convcost.cost("[2, 10] -> Linear(10, 4)"), DEVICE, "fp64")


MODULES = [
    "[4, 3, 9, 9] -> Conv2d(3, 6, 3, padding=1) -> ReLU -> Conv2d(6, 4, 3, groups=2)",
    "[2, 5, 8] -> LayerNorm(8) -> Linear(8, 16) -> GELU -> Linear(16, 8)",
    "[2, 4, 12] -> ConvTranspose1d(4, 2, 3, stride=2) -> AvgPool1d(2)",
]


@pytest.mark.parametrize("spec", MODULES)
def test_a_module_computes_and_moves_what_its_spec_does(spec):
    module, (example,) = build_network(parse(spec).network({}), "meta")
    of_module, of_spec = (
        roofline(convcost.profile(module, example), DEVICE),
        roofline(convcost.cost(spec), DEVICE),
    )
    assert [(b.workload.flops, b.workload.bytes) for b in of_module.bounds] == [
        (b.workload.flops, b.workload.bytes) for b in of_spec.bounds
    ]


def test_at_the_ridge_the_peak_binds():
    assert RooflineBound(Workload("", "", 10, 1), Fraction(1, 100), Fraction(1, 100)).by == "compute"


def test_a_layer_that_is_called_twice_moves_twice_as_much():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return self.fc(self.fc(x))

    once, twice = (
        roofline(convcost.profile(module, torch.empty(2, 8)), DEVICE) for module in (nn.Linear(8, 8), Twice())
    )
    assert (twice.bytes, twice.flops) == (2 * once.bytes, 2 * once.flops)


def test_calls_are_told_apart_by_what_they_take():
    grouped = "Conv1d(4, 4, 3, groups=2) -> ConvTranspose1d(4, 4, 3, groups=4)"
    spec = f"[1, 4, 8] -> Conv1d(4, 4, 3) -> {grouped} -> ReLU"
    module, (example,) = build_network(parse(spec).network({}), "meta")
    for report in (convcost.cost(spec), convcost.profile(module, example)):
        calls = [bound.workload.call for bound in roofline(report, DEVICE).bounds]
        assert calls == ["convolution", "grouped convolution", "grouped convolution", "layer"]


def test_a_gradient_is_a_part_of_its_own():
    report = convcost.Profiler(backward=True).profile(nn.Linear(8, 4), torch.empty(2, 8, requires_grad=True))
    phases = {bound.workload.phase for bound in roofline(report, DEVICE).bounds}
    assert phases == {"forward", "gradient by weight", "gradient by input"}


sizes = st.integers(1, 48)


@settings(max_examples=25, deadline=None)
@given(sizes, sizes, st.integers(1, 5), st.sampled_from(["float32", "bfloat16"]))
def test_where_a_layer_flips_is_where_numbers_say(channels, features, kernel_size, dtype):
    designs = {
        f"[B, {channels}] -> Linear({channels}, {features})": "B",
        f"[2, {channels}, L] -> Conv1d({channels}, {features}, {kernel_size}, stride=2)": "L",
        f"[3, W] -> Linear(W, {features})": "W",
    }
    for spec, name in designs.items():
        report = _open(spec)
        found = roofline(report, DEVICE, dtype)
        stretches = found.bounds[0].changes.ranges
        for size in (*range(5, 20), 100, 10**6) if stretches else ():
            number = roofline(convcost.cost(spec, **{name: size}), DEVICE, dtype).bounds[0]
            expected = [stretch.by for stretch in stretches if stretch.start <= size][-1]
            assert number.by == expected, (spec, size)


@given(*[st.integers(0, 20)] * 4, st.integers(1, 9), st.integers(1, 9))
def test_a_batch_flips_where_numbers_say(flops, more_flops, moved, more_moved, peak, bandwidth):
    device = replace(DEVICE, peaks={"float32": peak}, bandwidth=bandwidth)
    once, twice = Workload("", "", flops, moved), Workload("", "", flops + more_flops, moved + more_moved)
    stretches = batch_bound_changes(once, twice, "B", peak, device).ranges
    for batch in (*range(1, 30), 10**6):
        compute = Fraction(flops + (batch - 1) * more_flops, peak)
        memory = Fraction(moved + (batch - 1) * more_moved, bandwidth)
        expected = "memory" if compute < memory else "compute"
        assert [stretch.by for stretch in stretches if stretch.start <= batch][-1] == expected


def test_sizes_taken_as_one_say_from_which_batch_on_compute_binds():
    design = parse("[B, S, 512] -> Linear(512, 512)")
    twice = [(name, design.report({name: 2})) for name in ("B", "S")]
    [bound] = roofline(design.report({}), DEVICE, twice=twice).bounds
    memory, compute = bound.changes.ranges
    assert (bound.changes.size, memory, compute.by) == ("B·S", (1, "memory"), "compute")
    ends = (roofline(design.report({"B": compute.start + step}), DEVICE).by for step in (-1, 0))
    assert tuple(ends) == ("memory", "compute")


def test_what_depends_on_several_sizes_has_no_one_place():
    report = _open("[B, E] -> Linear(E, E)")
    found = roofline(report, DEVICE)
    assert found.bounds[0].changes.ranges == ()


def _open(spec):
    return parse(spec).report({}, stay_open=True)


@given(sizes, sizes, sizes)
def test_formulas_hold_at_every_number(batch, width, length):
    spec = "[B, W, L] -> Conv1d(W, 2W, 3, padding=1) -> ReLU -> Flatten -> Linear(2W*L, 5)"
    found = roofline(_open(spec), DEVICE)
    given_sizes = {"B": batch, "W": width, "L": length}
    numbers = roofline(convcost.cost(spec, **given_sizes), DEVICE)
    assert found.is_open
    assert not numbers.is_open
    for bound, number in zip(found.bounds, numbers.bounds, strict=True):
        for part in ("compute", "memory"):
            assert evaluate(getattr(bound, part), given_sizes) == getattr(number, part)


@pytest.mark.parametrize(
    "text", ["[8, 16] -> 3 x Linear(16, 16)", "[8, 4, 9] -> 2 x Conv1d(4, 4, 3, groups=2)"]
)
def test_a_gradient_of_a_contraction_moves_as_much_as_its_forward_by_a_trace_too(text):
    spec = parse(text)
    module, inputs = build_network(spec.network({}), "meta")
    traced = Profiler(backward=True).profile(module, *inputs)
    assert total_by_phase(spec.report({}, backward=True)) == total_by_phase(traced)


def total_by_phase(report):
    """FLOPs, bytes and calls of each phase."""
    totals = {}
    for part in workloads(report):
        found = part.flops, part.bytes, part.calls
        totals[part.phase] = tuple(map(sum, zip(found, totals.get(part.phase, (0, 0, 0)), strict=True)))
    return totals


def test_a_gradient_of_elementwise_work_moves_three_tensors():
    report = convcost.cost("[8, 16] -> Linear(16, 16) -> ReLU", backward=True)
    found = [(part.path, part.phase, part.bytes) for part in workloads(report)]
    assert found == [
        ("0", "forward", 4 * (8 * 16 + 16 * 17 + 8 * 16)),
        ("0", "gradient by weight", 4 * (8 * 16 + 16 * 17 + 8 * 16)),
        ("1", "forward", 4 * 2 * 8 * 16),
        ("1", "gradient by input", 4 * 3 * 8 * 16),
    ]
