"""A model looks after being counted as it looked before, also when its forward raised."""

import functools
import random
import types

import numpy
import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.tracing.isolation.isolated_call import ModuleCall
from convcost.tracing.profile import Profiler

WAYS = ["shapes", "gradients", "data"]


class Remembering(nn.Module):
    """Batch statistics, dropout, a cache, a counter, a list: all that a forward may change."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.linear = nn.Linear(4, 4)
        self.calls = 0
        self.seen = []
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        self.seen.append(x)
        self.cache = self.linear(self.drop(self.norm(x)))
        self.mean.mul_(0.9).add_(self.cache.detach().mean(0))
        torch.rand(3), random.random(), numpy.random.rand()
        return self.cache


def state(model):
    return {
        "attributes": {name: dict(module.__dict__) for name, module in model.named_modules()},
        "values": {name: tensor.clone() for name, tensor in model.state_dict().items()},
        "identities": [id(tensor) for tensor in (*model.parameters(), *model.buffers())],
        "flags": [(parameter.requires_grad, parameter.grad) for parameter in model.parameters()],
        "lists": list(model.seen),
        "random": torch.get_rng_state(),
        "python": random.getstate(),
        "numpy": numpy.random.get_state()[1].tolist(),
        "device": torch.get_default_device(),
        "hooks": len(torch.nn.modules.module._global_forward_hooks),
    }


def same(before, after):
    for name in before["values"]:
        assert torch.equal(before["values"][name], after["values"][name]), name
    assert torch.equal(before.pop("random"), after.pop("random"))
    before.pop("values"), after.pop("values")
    for module in (*before["attributes"].values(), *after["attributes"].values()):
        for held in ("_parameters", "_buffers"):
            module[held] = {name: id(tensor) for name, tensor in module[held].items()}
    assert before == after


@pytest.mark.parametrize("is_training", [False, True])
@pytest.mark.parametrize(
    ("way", "backward"), [*((way, False) for way in WAYS), ("gradients", True), ("data", True)]
)
def test_a_model_that_remembers_remembers_nothing_of_it(way, is_training, backward):
    model = Remembering().train(is_training)
    model.linear.weight.grad = torch.ones(4, 4)
    model.linear.bias.requires_grad_(False)
    x = torch.randn(3, 4)
    kept, before = x.clone(), state(model)
    Profiler(backward=backward)._run(ModuleCall(model, (x,), {}), "", way)
    same(before, state(model))
    assert torch.equal(x, kept)
    assert x.grad is None


@pytest.mark.parametrize("way", WAYS)
def test_a_model_whose_forward_raises_is_left_as_it_was(way):
    def fail(module, x):
        module.linear(x)
        raise ZeroDivisionError

    model = Remembering()
    model.forward = lambda x: fail(model, x)
    x = torch.randn(3, 4)
    before = state(model)
    with pytest.raises(ZeroDivisionError):
        Profiler()._run(ModuleCall(model, (x,), {}), "", way)
    same(before, state(model))


@pytest.mark.parametrize("way", WAYS)
def test_an_input_that_the_model_writes_to_keeps_its_values(way):
    x = torch.zeros(3)
    Profiler()._run(ModuleCall(Calls(lambda _, x: x.add_(1)), (x,), {}), "", way)
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize("way", WAYS)
def test_a_parameter_that_the_model_writes_to_keeps_its_values(way):
    def clip(module, x):
        with torch.no_grad():
            module.weight.clamp_(0, 0)
            module.weight[0].fill_(7)
        return x * module.weight

    model = Calls(clip, weight=nn.Parameter(torch.ones(3)))
    Profiler()._run(ModuleCall(model, (torch.zeros(3),), {}), "", way)
    assert model.weight.tolist() == [1, 1, 1]


TABLES = {}
SETTINGS = types.SimpleNamespace(scale=1)
LAST = None


@functools.lru_cache
def positions(length, device):
    return torch.arange(length, device=device, dtype=torch.float32).repeat(2**17)


def remembered(x):
    global LAST
    TABLES.setdefault("last", x)
    SETTINGS.scale, SETTINGS.last, LAST = 2, x, x
    return x + positions(x.shape[-1], x.device)[: x.shape[-1]]


def test_what_functions_of_the_model_remember_has_data_afterwards():
    model, x = Calls(lambda module, x: remembered(module.linear(x)), linear=nn.Linear(4, 4)), torch.ones(2, 4)
    Profiler().profile(model, x)
    assert ({}, types.SimpleNamespace(scale=1), None) == (TABLES, SETTINGS, LAST)
    assert not model(x).is_meta
    assert not positions(4, x.device).is_meta
