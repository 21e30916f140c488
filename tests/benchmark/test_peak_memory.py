"""The most memory that a call takes: on a GPU, whose figures are made up here."""

import pytest
import torch
from quick_timing import timed_specs
from torch import nn

from convcost.benchmark.first_run import peak_memory
from convcost.tracing.module_call import ModuleCall


def test_a_cpu_does_not_say():
    ran = []
    found = ModuleCall(nn.Linear(8, 4), (torch.ones(2, 8),), {})
    assert peak_memory(lambda: ran.append(1), found) is None
    assert ran == [1]


def test_it_is_what_the_call_adds_to_what_the_module_holds(monkeypatch):
    class Tensor:
        is_cuda = True

        def __init__(self, place, size):
            self.place, self.size = place, size

        def untyped_storage(self):
            return self

        def data_ptr(self):
            return self.place

        def nbytes(self):
            return self.size

    other, weight, output = 1000, Tensor(1, 50), 7
    monkeypatch.setattr(ModuleCall, "tensors", [weight, weight, Tensor(2, 5)])
    figures = {"memory_allocated": other + 55, "max_memory_allocated": other + 55 + output}
    for name, value in figures.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    for name in ("synchronize", "reset_peak_memory_stats"):
        monkeypatch.setattr(torch.cuda, name, lambda: None)
    assert peak_memory(lambda: None, ModuleCall(nn.Identity(), (), {})) == 50 + 5 + output


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_it_is_about_what_is_estimated():
    [report] = timed_specs("[1024, 2048] -> Linear(2048, 2048, bias=False)", on="cuda", dtype="float32")
    assert report.time.forward.peak == pytest.approx(4 * 2048 * (1024 + 2048 + 1024), rel=0.05)
