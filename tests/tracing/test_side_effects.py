"""Forwards from bug reports: what a profile of them used to leave on models, inputs and torch."""

import copy
import os
import types
from collections import deque

import pytest
import torch
from torch import nn
from tracing.models import Calls
from tracing.process_state import process_restored

import convcost


class Cached(nn.Module):
    """Appends to the first list in `cache`."""

    def __init__(self, cache):
        super().__init__()
        self.lin = nn.Linear(4, 4)
        self.cache = cache

    def forward(self, x):
        self.cache[0].append(self.lin(x))
        return torch.cat(list(self.cache[0]))


class Past:
    def __init__(self):
        self.k = []


def with_memory(module, *inputs):
    return convcost.Profiler(footprint="").profile(module, *inputs)


def test_integers_that_a_forward_adds_to_are_as_before():
    ids = torch.zeros(2, 3, dtype=torch.long)
    with_memory(Calls(lambda _, ids: ids.add_(1).float()), ids)
    assert ids.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert ids._version == 0


@pytest.mark.parametrize("profile", [convcost.profile, with_memory])
def test_a_step_counter_that_is_no_buffer_is_as_before(profile):
    def forward(module, x):
        module.steps += 1
        return module.lin(x)

    module = Calls(forward, lin=nn.Linear(4, 4), steps=torch.zeros(1))
    report = profile(module, torch.randn(2, 4))
    assert report.macs == 32
    assert module.steps.item() == 0
    assert module.steps._version == 0


@pytest.mark.parametrize("cache", [[[]], {0: []}, [deque()]], ids=["list", "dict", "deque"])
def test_a_cache_within_containers_is_empty_as_before(cache):
    module = Cached(cache)
    reports = [convcost.profile(module, torch.randn(1, 4)) for _ in range(3)]
    assert [(report.macs, report.output) for report in reports] == [(16, (1, 4))] * 3
    assert len(cache[0]) == 0
    assert module(torch.randn(1, 4)).shape == (1, 4)
    assert module(torch.randn(1, 4)).shape == (2, 4)


def test_an_object_that_a_model_keeps_is_as_before():
    def forward(module, x):
        y = module.lin(x)
        module.state.k = y if module.state.k is None else module.state.k + y
        return module.state.k

    module = Calls(forward, lin=nn.Linear(4, 4), state=types.SimpleNamespace(k=None))
    assert convcost.profile(module, torch.randn(1, 4)).macs == 16
    assert module.state.k is None
    assert module(torch.randn(1, 4)).device.type == "cpu"


def test_a_cache_among_the_inputs_is_as_before():
    def forward(module, x, past):
        past.k.append(module.lin(x))
        return torch.cat(past.k)

    past, module = Past(), Calls(forward, lin=nn.Linear(4, 4))
    reports = [convcost.profile(module, torch.randn(1, 4), past) for _ in range(3)]
    assert [report.output for report in reports] == [(1, 4)] * 3
    assert past.k == []


def to_double(module, x):
    module.double()
    return module.lin(x.double())


def to_shared_memory(module, x):
    module.share_memory()
    return module.lin(x)


def to_other_data(module, x):
    module.lin.weight.data = module.lin.weight.data * 2
    return module.lin(x)


@pytest.mark.parametrize("profile", [convcost.profile, with_memory])
@pytest.mark.parametrize("forward", [to_double, to_shared_memory, to_other_data])
def test_weights_that_a_forward_replaces_are_as_before(forward, profile):
    module = Calls(forward, lin=nn.Linear(4, 4))
    weight, place = module.lin.weight, module.lin.weight.data_ptr()
    values = copy.deepcopy(module.state_dict())
    assert profile(module, torch.randn(2, 4)).macs == 32
    assert module.lin.weight is weight
    assert weight.data_ptr() == place
    assert not weight.is_shared()
    for name, tensor in module.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, values[name])


GENERATOR = torch.Generator().manual_seed(1)

SETTINGS = {
    "default device": (lambda: torch.set_default_device("meta"), torch.get_default_device),
    "threads": (lambda: torch.set_num_threads(7), torch.get_num_threads),
    "cudnn.benchmark": (
        lambda: setattr(torch.backends.cudnn, "benchmark", True),
        lambda: torch.backends.cudnn.benchmark,
    ),
    "flash attention": (
        lambda: torch.backends.cuda.enable_flash_sdp(False),
        torch.backends.cuda.flash_sdp_enabled,
    ),
    "attention fast path": (
        lambda: torch.backends.mha.set_fastpath_enabled(False),
        torch.backends.mha.get_fastpath_enabled,
    ),
    "fill_uninitialized_memory": (
        lambda: setattr(torch.utils.deterministic, "fill_uninitialized_memory", False),
        lambda: torch.utils.deterministic.fill_uninitialized_memory,
    ),
    "global hook": (
        lambda: torch.nn.modules.module.register_module_forward_hook(lambda *_: None),
        lambda: len(torch.nn.modules.module._global_forward_hooks),
    ),
    "own generator": (
        lambda: torch.randn(3, generator=GENERATOR),
        lambda: GENERATOR.get_state().tolist(),
    ),
    "current folder": (lambda: os.chdir("/"), os.getcwd),
}


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_a_forward_changes_is_as_before(setting, fails):
    change, read = SETTINGS[setting]

    def forward(_, x):
        change()
        if fails:
            raise ZeroDivisionError
        return x + 1

    with process_restored():
        before = read()
        try:
            convcost.profile(Calls(forward), torch.zeros(2))
        except ZeroDivisionError:
            assert fails
        assert read() == before


@pytest.mark.filterwarnings("ignore")
def test_the_first_profile_of_a_process_changes_no_setting():
    """Importing what a profile needs is no reason to change what the user has set."""
    from tracing.processes import run_python

    code = """
import json, sys, torch
from torch import nn
import convcost
from tracing.snapshots import differences, snapshot
module, x = nn.Linear(4, 4), torch.ones(2, 4)
before = snapshot(module, (x,))
for profiler in (convcost.Profiler(), convcost.Profiler(backward=True), convcost.Profiler(footprint="")):
    profiler.profile(module, x)
sys.stdout.write(json.dumps(differences(before, snapshot(module, (x,)))))
"""
    process = run_python("-c", code)
    assert process.stdout == "[]", process.stdout + process.stderr
