"""Threads that use the same model, and processes that are copies of one that profiles."""

import threading
import time

import pytest
import torch
from torch import nn
from tracing.processes import run_python

import convcost

FORKING = """
import os, signal, sys, threading, time, warnings
import torch, convcost
from torch import nn
warnings.simplefilter("ignore")

class Slow(nn.Module):
    def forward(self, x):
        started.set()
        time.sleep(1)
        return x + 1

convcost.profile(nn.Linear(2, 2), torch.zeros(1, 2))
started = threading.Event()
thread = threading.Thread(target=convcost.profile, args=(Slow(), torch.zeros(2)))
thread.start()
started.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    counts = [RUNS(nn.Linear(2, 2), torch.zeros(1, 2)) for _ in range(2)]
    settings = torch._C._len_torch_function_stack() + torch._C._len_torch_dispatch_stack()
    os._exit(0 if counts == [4, 4] and settings == 0 else 1)
status = os.wait()[1]
thread.join()
again = convcost.profile(nn.Linear(2, 2), torch.zeros(1, 2)).macs
sys.stdout.write(f"{status} {again}")
"""

RUNS = {
    "forward": "lambda *call: convcost.profile(*call).macs",
    "backward": "lambda *call: convcost.Profiler(backward=True).profile(*call).macs",
    "memory": "lambda *call: convcost.Profiler(footprint='').profile(*call).macs",
}


@pytest.mark.parametrize("run", ["forward", "memory"])
def test_a_child_of_a_process_that_profiles_can_profile(run):
    """14 would be SIGALRM: the child still waits for what a thread held that it does not have."""
    process = run_python("-c", FORKING.replace("RUNS(", f"({RUNS[run]})("), timeout=120)
    assert process.stdout == "0 4", process.stdout + process.stderr


class Counting(nn.Module):
    """Counts its calls, and keeps the last output."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
        self.calls = 0
        self.last = None
        self.log = []

    def forward(self, x):
        self.calls += 1
        self.log.append(self.calls)
        self.last = self.layers(x)
        return self.last


class Worker(threading.Thread):
    """Calls a function again and again until `stop`; what was raised is in `error`."""

    def __init__(self, call):
        super().__init__()
        self.call, self.error, self.done = call, None, 0
        self._stopping = threading.Event()

    def run(self):
        try:
            while not self._stopping.is_set():
                self.call()
                self.done += 1
        except BaseException as error:
            self.error = error

    def stop(self):
        self._stopping.set()
        self.join()


def profiled_meanwhile(module, inputs, call, times, **options):
    """The worker that ran `call` while `module` was profiled `times` times, and the counts."""
    convcost.Profiler(**options).profile(module, *inputs)
    worker = Worker(call)
    worker.start()
    counts = set()
    for _ in range(times):
        counts.add(convcost.Profiler(**options).profile(module, *inputs).macs)
    worker.stop()
    return worker, counts


OPTIONS = {"forward": {}, "backward": {"backward": True}, "memory": {"footprint": ""}}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_another_thread_that_uses_the_model_sees_nothing_of_a_profile(options):
    module, x = Counting(), torch.ones(2, 8)
    expected = module(x).detach()
    module.calls, module.last = 0, None
    module.log.clear()

    def call():
        output = module(x)
        assert output.device.type == "cpu"
        assert torch.equal(output, expected)
        assert torch.get_default_device().type == "cpu"

    worker, counts = profiled_meanwhile(module, (x,), call, 100, **options)
    assert worker.error is None, repr(worker.error)
    assert len(counts) == 1
    assert worker.done > 0
    assert module.calls == worker.done
    assert module.log == [*range(1, worker.done + 1)]


def training():
    """A model, and a function that trains it by one step; all that is random is drawn here."""
    torch.manual_seed(0)
    module, x = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1)), torch.randn(4, 8)
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        module(x).square().sum().backward()
        optimizer.step()

    return module, step


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_another_thread_trains_its_own_model_as_if_it_were_alone(options):
    module, step = training()
    worker, counts = profiled_meanwhile(Counting(), (torch.ones(2, 8),), step, 100, **options)
    assert worker.error is None, repr(worker.error)
    assert len(counts) == 1
    alone, step = training()
    for _ in range(worker.done):
        step()
    for trained, expected in zip(module.parameters(), alone.parameters(), strict=True):
        assert torch.equal(trained, expected)


def test_profiles_of_the_same_model_in_several_threads_agree():
    module, x, counts = Counting(), torch.ones(2, 8), []

    def profile():
        counts.append(convcost.Profiler(backward=len(counts) % 2 == 0).profile(module, x).macs)

    workers = [Worker(profile) for _ in range(3)]
    for worker in workers:
        worker.start()
    while len(counts) < 60 and any(worker.is_alive() for worker in workers):
        time.sleep(0.01)
    for worker in workers:
        worker.stop()
    assert [worker.error for worker in workers] == [None] * 3
    assert set(counts) == {256}
    assert module.calls == 0
