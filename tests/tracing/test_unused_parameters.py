"""Which parameters a run does nothing with, and which are one under several names."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convcost.tracing.profile import Profiler

WIDTH = 4

USES = {
    "in a layer": lambda weight, x: F.linear(x, weight),
    "by name": lambda weight, x: F.linear(input=x, weight=weight),
    "as an operand": lambda weight, x: x @ weight,
    "transposed": lambda weight, x: x @ weight.T,
    "as data": lambda weight, x: x * weight.data[0],
    "in a list": lambda weight, x: torch.cat([x, weight]),
    "in einsum": lambda weight, x: torch.einsum("bi,ij->bj", x, weight),
    "as rows": lambda weight, x: weight[torch.tensor([0, 1])] + x,
    "in an operator": lambda weight, x: torch.ops.aten.mm(x, weight),
    "as a lookup": lambda weight, x: F.embedding(torch.tensor([0, 1]), weight) + x,
}


class Uses(nn.Module):
    def __init__(self, use):
        super().__init__()
        self.use = use
        self.weight = nn.Parameter(torch.ones(WIDTH, WIDTH))
        self.spare = nn.Linear(2, 2)

    def forward(self, x):
        return self.use(self.weight, x)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_parameter_is_used_however_it_is_used(use, backward):
    report = Profiler(backward=backward).profile(Uses(use), torch.ones(2, WIDTH))
    assert report.trace.unused == ("spare.weight", "spare.bias")


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    "module",
    [
        nn.LSTM(WIDTH, WIDTH, 2, bidirectional=True),
        nn.GRU(WIDTH, WIDTH),
        nn.TransformerEncoderLayer(WIDTH, 2, 8, batch_first=True),
        nn.BatchNorm1d(WIDTH),
        nn.utils.parametrizations.weight_norm(nn.Linear(WIDTH, WIDTH)),
        nn.Sequential(nn.Unflatten(1, (WIDTH, 1)), nn.ConvTranspose1d(WIDTH, 2, 3), nn.Flatten()),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_layer_uses_its_own(module, backward):
    assert Profiler(backward=backward).profile(module, torch.ones(2, WIDTH)).trace.unused == ()


def test_one_parameter_under_several_names_is_tied():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH))
    model[2].weight = model[0].weight
    trace = Profiler().profile(model, torch.ones(2, WIDTH)).trace
    assert (trace.tied, trace.unused) == ((("0.weight", "2.weight"),), ())
