"""Gradients that torch dispatches by itself are told apart by what they are the gradients of."""

import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.tracing.profile import Profiler

PHASES = ("forward", "gradient by weight", "gradient by input")


def phases(model, x):
    trace = Profiler(backward=True).profile(model, x).trace
    assert not trace.uncounted
    return [trace.total(phase).macs for phase in PHASES]


STACKS = {
    "linear": (lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (5, 8)),
    "convolutions": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3)), (1, 2, 8, 8)),
    "transposed": (lambda: nn.Sequential(nn.ConvTranspose1d(2, 4, 3), nn.Linear(10, 3)), (2, 2, 8)),
}


@pytest.mark.filterwarnings("ignore:.torch.jit")
@pytest.mark.parametrize(("build", "shape"), STACKS.values(), ids=STACKS)
def test_a_scripted_module_has_the_gradients_of_the_module(build, shape):
    model, x = build(), torch.randn(shape)
    forward, by_weight, by_input = phases(model, x)
    assert forward == by_weight > by_input > 0
    assert phases(torch.jit.script(model), x) == [forward, by_weight, by_input]


def test_weights_that_are_stacked_for_a_vmap_have_gradients_by_weight():
    model = Calls(lambda module, x: torch.func.vmap(lambda weight: x @ weight.t())(module.weight))
    model.weight = nn.Parameter(torch.randn(3, 4, 8))
    assert phases(model, torch.randn(5, 8)) == [480, 480, 0]


def test_a_weight_that_a_vmap_shares_has_its_gradient_by_weight():
    def forward(module, x):
        return torch.func.vmap(lambda row: nn.functional.linear(row, module.weight))(x)

    model = Calls(forward)
    model.weight = nn.Parameter(torch.randn(4, 8))
    assert phases(model, torch.randn(5, 8, requires_grad=True)) == [160, 160, 160]


def test_a_parameter_that_gets_its_shape_in_a_plain_forward_is_counted():
    def forward(module, x):
        if nn.parameter.is_lazy(module.weight):
            module.weight.materialize((8, x.shape[-1]))
        return x @ module.weight.t()

    model = Calls(forward)
    model.weight = nn.parameter.UninitializedParameter()
    assert phases(model, torch.randn(2, 4)) == [64, 64, 0]
    assert nn.parameter.is_lazy(model.weight)
