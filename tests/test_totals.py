"""What totals are made of: each convention's FLOPs, activations, bytes, parameters that are shared."""

import pytest
import torch
from torch import nn

from convcost import Convention, cost, parse, profile

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
