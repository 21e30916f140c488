"""Normalization: 3 operations per element more where statistics are the input's own."""

import pytest
import torch
from models import Calls
from torch import nn

from convcost.tracing.profile import profile

X = torch.randn(2, 6, 5, 5)
STATISTICS, SCALED = 3, 2

LAYERS = {
    "batch": nn.BatchNorm2d(6),
    "batch, not affine": nn.BatchNorm2d(6, affine=False),
    "batch, own statistics": nn.BatchNorm2d(6, track_running_stats=False),
    "instance": nn.InstanceNorm2d(6, affine=True, track_running_stats=True),
    "instance, own statistics": nn.InstanceNorm2d(6),
    "group": nn.GroupNorm(2, 6),
}


def per_element(module, x=X):
    operations, rest = divmod(profile(module, x).elementwise, x.numel())
    assert rest == 0
    return operations


@pytest.mark.parametrize("name", LAYERS)
def test_statistics_are_computed_in_training_or_without_running_ones(name):
    layer = LAYERS[name]
    always = getattr(layer, "running_mean", None) is None
    for is_training in (True, False):
        layer.train(is_training)
        computed = STATISTICS if is_training or always else 0
        assert per_element(layer) == computed + SCALED + len([*layer.parameters()])


def test_a_norm_in_training_costs_what_it_does_written_out():
    def written_out(_, x):
        variance, mean = torch.var_mean(x, (0, 2, 3), keepdim=True)
        return (x - mean) * variance

    assert per_element(Calls(written_out)) == STATISTICS + SCALED
    assert per_element(nn.BatchNorm2d(6, affine=False)) == STATISTICS + SCALED


KERNELS = {
    "native_batch_norm": (True, False),
    "_native_batch_norm_legit": (True, False),
    "_native_batch_norm_legit_no_training": (),
    "_batch_norm_no_update": (),
    "_batch_norm_with_update": (),
}


@pytest.mark.parametrize(
    ("kernel", "mode"), [(name, mode) for name, modes in KERNELS.items() for mode in modes or (None,)]
)
def test_a_kernel_costs_the_same_in_either_mode(kernel, mode):
    operator = getattr(torch.ops.aten, kernel).default
    is_training = kernel == "_batch_norm_with_update" if mode is None else mode

    running = torch.zeros(6), torch.ones(6)

    def forward(_, x):
        return operator(x, None, None, *running, *(() if mode is None else (mode,)), 0.1, 1e-5)[0]

    assert per_element(Calls(forward)) == (STATISTICS if is_training else 0) + SCALED
