"""Models that do unusual things are counted, or what is out of sight is named: never a silent zero."""

import concurrent.futures
import contextlib
import pickle
import sys
import threading

import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.profile import Profiler, profile


def in_a_pool(module, x):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(module.blocks, x).result()


def in_an_older_pool(module, x):
    return next(module.pool.map(module.blocks, [x]))


def in_a_thread(module, x):
    found = []
    thread = threading.Thread(target=lambda: found.append(module.blocks(x) @ x.T))
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize(("forward", "macs"), [(in_a_pool, 256), (in_an_older_pool, 256), (in_a_thread, 288)])
def test_what_runs_in_a_thread_is_counted_where_it_runs(forward, macs):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(sum, ()).result()
        model = Calls(forward, blocks=nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)), pool=pool)
        report = profile(model, torch.randn(2, 8))
        assert pool.submit(torch.ones(2).sum).result() == 2
    assert (report.macs, report.trace.uncounted) == (macs, ())
    assert [row.path for row in report.rows if row.path][:2] == ["blocks.0", "blocks.1"]


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("inference", [False, True])
def test_lazy_layers_of_every_kind_are_counted_and_stay_lazy(inference, backward):
    model = nn.Sequential(
        nn.LazyConv2d(4, 3, padding=1), nn.LazyBatchNorm2d(affine=False), nn.Flatten(), nn.LazyLinear(3)
    )
    with torch.inference_mode(inference):
        report = Profiler(backward=backward).profile(model, torch.randn(2, 3, 8, 8))
    assert (report.macs, report.params) == (2 * 4 * 64 * 27 + 2 * 256 * 3, 4 * 27 + 4 + 256 * 3 + 3)
    assert model[0].has_uninitialized_params()
    assert model[1].has_uninitialized_params()
    if backward:
        assert report.trace.total("gradient by weight").macs == report.macs


def test_an_error_before_a_lazy_layer_is_the_users_own():
    def fail(module, x):
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        profile(Calls(fail, linear=nn.LazyLinear(3)), torch.randn(2, 8))


def test_what_runs_after_a_submodule_raised_belongs_to_its_caller():
    def forward(module, x):
        try:
            return module.narrow(x)
        except RuntimeError:
            return module.wide(x @ module.weight)

    held = {"narrow": nn.Linear(4, 4), "wide": nn.Linear(8, 8), "weight": nn.Parameter(torch.ones(8, 8))}
    operations = profile(Calls(forward, **held), torch.randn(2, 8)).trace.operations
    assert [(found.operator, found.path) for found in operations] == [
        ("aten::matmul", ""),
        ("aten::linear", "wide"),
    ]


def test_a_model_that_torch_just_runs_is_not_too_deep():
    def nested(levels):
        module = nn.Linear(4, 4)
        for _ in range(levels):
            module = nn.Sequential(module)
        return module

    levels, limit = 0, sys.getrecursionlimit()
    with contextlib.suppress(RecursionError):
        for levels in range(40, limit, 20):
            nested(levels + 20)(torch.zeros(2, 4))
    for backward in (False, True):
        assert Profiler(backward=backward).profile(nested(levels), torch.zeros(2, 4)).macs == 32
    assert sys.getrecursionlimit() == limit


def test_a_forward_that_returns_code_that_has_not_run_is_named():
    def forward(module, x):
        return (layer(x) for layer in module.blocks)

    trace = profile(Calls(forward, blocks=nn.ModuleList([nn.Linear(8, 8)])), torch.ones(4, 8)).trace
    assert [(missed.operator, missed.reason) for missed in trace.uncounted] == [
        ("python::forward", "it returned a generator, which has not run")
    ]


def test_a_backward_that_finds_no_tensor_is_named():
    model = Calls(lambda module, x: print(module.linear(x).shape), linear=nn.Linear(8, 8))  # noqa: T201
    trace = Profiler(backward=True).profile(model, torch.ones(4, 8)).trace
    assert [(missed.operator, missed.reason) for missed in trace.uncounted] == [
        ("python::backward", "the output has no tensor to run the backward from")
    ]


def test_hooks_of_the_users_parameters_run_on_copies():
    model = nn.Linear(8, 8)
    seen = []
    model.weight.register_hook(lambda gradient: seen.append(gradient) or gradient @ gradient)
    trace = Profiler(backward=True).profile(model, torch.ones(4, 8)).trace
    assert sum(operation.cost.macs for operation in trace.operations) == 2 * 4 * 64 + 8**3
    assert seen == []


def test_a_tensor_beyond_the_limit_is_not_made_in_a_run_on_data():
    model = Calls(lambda module, x: module.linear(x) + torch.zeros(2**20, 8).sum() * x.sum().item())
    model.linear = nn.Linear(8, 8)
    with pytest.raises(ConvcostError, match="allocates a tensor of 32 MiB in a run on data"):
        Profiler(memory=2**20).profile(model, torch.ones(4, 8))


def test_a_formula_that_returns_no_cost_is_named():
    def five(**_):
        return 5

    with pytest.raises(UsageError, match="the formula five returned int"):
        Profiler(formulas={"aten::linear": five}).profile(nn.Linear(8, 8), torch.ones(4, 8))


def test_a_model_that_pickles_a_tensor_runs_on_data():
    model = Calls(lambda module, x: module.linear(x) if pickle.dumps(x) else x, linear=nn.Linear(8, 8))
    report = profile(model, torch.ones(4, 8))
    assert (report.macs, report.trace.ran) == (256, "data")
