"""Tensors of a user's own classes: what these run is counted, and what they are asked for follows."""

import copy

import pytest
import torch
from torch import nn
from torch.utils._pytree import tree_map_only
from tracing.models import Calls

from convcost import Profiler, profile

MACS = 4 * 8 * 6
"""Of a product [4, 8] by [8, 6]."""


class Doubling(torch.Tensor):
    """A wrapper, below autograd, that takes every product of matrices twice."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), dtype=inner.dtype
        )

    def __init__(self, inner):
        self.inner = inner

    def __tensor_flatten__(self):
        return ["inner"], None

    @staticmethod
    def __tensor_unflatten__(inner, context, size, stride):
        return Doubling(inner["inner"])

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        args, kwargs = tree_map_only(cls, lambda tensor: tensor.inner, (args, kwargs or {}))
        if function in (torch.ops.aten.mm.default, torch.ops.aten.addmm.default):
            function(*args, **kwargs)
        return tree_map_only(torch.Tensor, cls, function(*args, **kwargs))


class Adding(torch.Tensor):
    """A class that takes a product twice, as functions of torch are called."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        run = super().__torch_function__
        output = run(function, types, args, kwargs or {})
        return output + run(function, types, args, kwargs or {}) if function is torch.mm else output


class Duck:
    """No tensor, but torch's functions take it."""

    def __init__(self, weight):
        self.weight = weight

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        x, duck = args
        return function(x, duck.weight) + function(x, duck.weight)


def weighted(weight):
    return Calls(lambda module, x: torch.mm(x, module.weight), weight=weight)


def linear():
    layer = nn.Linear(8, 6)
    layer.weight = nn.Parameter(Doubling(torch.ones(6, 8)))
    return layer


@pytest.mark.parametrize(
    "model",
    [
        weighted(Doubling(torch.ones(8, 6))),
        weighted(nn.Parameter(Doubling(torch.ones(8, 6)))),
        weighted(torch.ones(8, 6).as_subclass(Adding)),
        weighted(nn.Parameter(torch.ones(8, 6).as_subclass(Adding))),
        weighted(Duck(torch.ones(8, 6))),
        linear(),
        Calls(lambda module, x: module.layer(Doubling(x)), layer=nn.Linear(8, 6)),
    ],
)
def test_what_a_class_runs_is_counted(model):
    report = profile(model, torch.ones(4, 8))
    assert (report.macs, report.trace.uncounted, report.trace.ran) == (2 * MACS, (), "shapes")


def test_a_wrapped_weight_has_a_gradient_as_any_other():
    """By a product of what the class returned, which it takes twice as well."""
    trace = Profiler(backward=True).profile(linear(), torch.ones(4, 8)).trace
    assert sum(found.cost.macs for found in trace.operations if found.phase != "forward") == 2 * MACS


def test_a_class_that_does_nothing_stays_what_it_is():
    class Marked(torch.Tensor):
        pass

    def forward(module, x):
        output = torch.mm(x, module.weight)
        return torch.mm(output, module.weight.mT) if type(output) is Marked else output

    model = Calls(forward, weight=torch.ones(8, 6).as_subclass(Marked))
    assert profile(model, torch.ones(4, 8)).macs == 2 * MACS


def test_a_module_that_is_copied_as_it_runs_counts_for_its_caller():
    model = Calls(lambda module, x: copy.deepcopy(module.layer)(x), layer=nn.Linear(8, 6))
    [operation] = (found for found in profile(model, torch.ones(4, 8)).trace.operations if found.cost.macs)
    assert (operation.path, operation.cost.macs) == ("", MACS)


@pytest.mark.parametrize("name", ["requires_grad", "grad_fn"])
def test_a_model_sees_whether_there_are_gradients(name):
    """It takes one by the weight where there are."""

    def forward(module, x):
        output = module.layer(x)
        return torch.autograd.grad(output.sum(), module.layer.weight)[0] if getattr(output, name) else output

    model = Calls(forward, layer=nn.Linear(8, 6))
    assert profile(model, torch.ones(4, 8)).macs == 2 * MACS
    with torch.no_grad():
        assert profile(model, torch.ones(4, 8)).macs == MACS


@pytest.mark.parametrize("call", ["apply_", "map_", "map2_"])
def test_a_function_on_each_element_is_named(call):
    def forward(_, x):
        x = x.detach().clone()
        others = {"apply_": (), "map_": (x,), "map2_": (x, x)}[call]
        return getattr(x, call)(*others, lambda number, *_: 2 * number)

    trace = profile(Calls(forward), torch.ones(4, 8)).trace
    assert [found.operator for found in trace.uncounted] == [f"python::{call}"]


@pytest.mark.filterwarnings("ignore")
def test_a_trace_that_writes_in_place_by_a_number_is_counted():
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(8, 6)

        def forward(self, x):
            x = self.layer(x * 1)
            x *= 1
            return x.mul_(2) * 1

    model = torch.jit.trace(InPlace(), torch.ones(4, 8))
    assert profile(model, torch.ones(4, 8)).macs == MACS


@pytest.mark.filterwarnings("ignore")
def test_constants_of_a_script_have_not_come_from_numpy():
    frozen = torch.jit.freeze(torch.jit.script(nn.Linear(8, 6).eval()))
    model = Calls(lambda module, x: (x.detach().numpy().sum(), module.frozen(x))[1], frozen=frozen)
    trace = profile(model, torch.ones(4, 8)).trace
    assert (trace.total("forward").macs, trace.uncounted) == (MACS, ())


def test_primitive_operators_count_as_those_of_aten():
    """32 sums of two, and 32 within the rows."""

    def forward(_, x):
        return torch.ops.prims.sum(torch.ops.prims.transpose(torch.ops.prims.add(x, x), [1, 0]), [0])

    report = profile(Calls(forward), torch.ones(4, 8))
    assert (report.elementwise, report.trace.uncounted) == (32 + 32, ())
