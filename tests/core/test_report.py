"""What totals are made of: each convention's FLOPs, activations, bytes, parameters that are shared."""

from fractions import Fraction

import pytest
import torch
from torch import nn

from convcost import Convention, compare, cost, parse, profile
from convcost.tracing.profile import Profiler

CHAIN = "[2, 3, 8] -> Conv1d(3, 4, 3, padding=1) -> ReLU -> Linear(8, 5)"
MACS, VALID, BIAS, ELEMENTWISE = (
    2 * 4 * 8 * 3 * 3 + 2 * 4 * 8 * 5,
    2 * 4 * 3 * 22 + 2 * 4 * 8 * 5,
    64 + 40,
    64,
)


@pytest.mark.parametrize(
    ("count", "padding", "flops"),
    [
        ("matmul", "full", 2 * MACS),
        ("matmul", "valid", 2 * VALID),
        ("bias", "full", 2 * MACS + BIAS),
        ("bias", "valid", 2 * VALID + BIAS),
        ("all", "full", 2 * MACS + BIAS + ELEMENTWISE),
        ("all", "valid", 2 * VALID + BIAS + ELEMENTWISE),
    ],
)
def test_a_convention_says_what_flops_are_made_of(count, padding, flops):
    report = parse(CHAIN).report({}, Convention(count, padding))
    assert report.flops == flops
    assert (report.macs, report.valid_macs) == (MACS, VALID)
    assert (report.bias_adds, report.elementwise) == (BIAS, ELEMENTWISE)


def test_activations_are_the_outputs_of_contractions_alone():
    report = cost(CHAIN)
    assert [row.activations for row in report.rows] == [2 * 4 * 8, 0, 2 * 4 * 5]
    assert (report.activations, report.output_elements) == (64 + 40, 40)


def test_bytes_are_the_input_every_parameter_and_the_output():
    report = cost(CHAIN)
    params = 4 * 3 * 3 + 4 + 5 * 8 + 5
    assert report.params == params
    assert report.bytes == 4 * (2 * 3 * 8 + params + 2 * 4 * 5)


def test_a_parameter_that_is_shared_counts_once_as_torch_lists_it():
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    module[2].weight = module[0].weight
    report = profile(module, torch.zeros(1, 4))
    assert report.params == sum(parameter.numel() for parameter in module.parameters()) == 16 + 4 + 4
    assert report.macs == 2 * 16
    assert [(row.path, row.params) for row in report.rows if row.params] == [("0", 20), ("2", 4)]


def test_indices_are_of_eight_bytes_whatever_the_dtype_of_the_numbers():
    report = parse("[2, 3] -> Embedding(10, 4)").report({}, dtype="bfloat16")
    assert report.bytes == report.rows[0].bytes(2) == 8 * 2 * 3 + 2 * (10 * 4 + 2 * 3 * 4)


def test_quotients_are_of_the_last_output_and_of_all_bytes():
    report = parse(CHAIN).report({}, Convention("all", "full"))
    flops = 2 * MACS + BIAS + ELEMENTWISE
    assert report.flops_per_output_element == Fraction(flops, 40)
    assert report.arithmetic_intensity == Fraction(flops, report.bytes)


def test_every_layer_of_a_long_chain_is_in_the_totals():
    report = cost("[2, 3, 8] -> 5 x Conv1d(3, 3, 3, padding=1) -> ReLU -> Linear(8, 8)")
    assert [row.path for row in report.rows] == [str(step) for step in range(7)]
    assert report.macs == sum(row.cost.macs for row in report.rows) == 5 * 2 * 3 * 8 * 9 + 2 * 3 * 64
    assert report.valid_macs == sum(row.cost.valid_macs for row in report.rows) == 5 * 2 * 9 * 22 + 384
    assert report.bias_adds == 5 * 48 + 48
    assert report.params == 5 * (27 + 3) + 72


def test_a_repeated_layer_is_counted_on_what_reaches_it():
    report = cost("[1, 2, 9] -> 3 x Conv1d(2, 2, 3)")
    assert [row.input for row in report.rows] == [(1, 2, 9), (1, 2, 7), (1, 2, 5)]
    assert [row.cost.macs for row in report.rows] == [4 * 3 * 7, 4 * 3 * 5, 4 * 3 * 3]


def test_ratios_are_of_the_others_to_the_first():
    comparison = compare("[4] -> Linear(4, 2)", "[4] -> Linear(4, 6)")
    assert comparison.ratio("macs", comparison.candidates[1]) == 3


def test_a_module_that_is_called_twice_has_the_cost_and_the_activations_of_both_calls():
    linear = nn.Linear(4, 4)
    report = profile(nn.Sequential(linear, linear), torch.zeros(3, 4))
    assert (report.macs, report.activations, report.bias_adds) == (2 * 48, 2 * 12, 2 * 12)


def test_a_backward_is_no_part_of_the_cost_of_a_forward():
    report = Profiler(backward=True).profile(nn.Linear(4, 4), torch.zeros(3, 4, requires_grad=True))
    assert (report.macs, report.rows[0].cost.macs) == (48, 48)
    assert report.trace.total("gradient by input").macs == 48
