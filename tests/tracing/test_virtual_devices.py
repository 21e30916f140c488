"""Models see their tensors where the user's are, and need no GPU that they name."""

import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.tracing.profile import Profiler, profile

X = torch.ones(4, 8)
MACS = 4 * 8 * 8


def moved_in_place(module, x):
    module.to("cuda")
    return module.linear(x.cuda())


def on_streams(module, x):
    stream, event = torch.cuda.Stream(), torch.cuda.Event(enable_timing=True)
    with torch.cuda.stream(stream), torch.cuda.device(0):
        event.record()
        y = module.linear(x)
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    return y


def in_autocast(module, x):
    with torch.autocast("cuda", dtype=torch.float16):
        return module.linear(x)


def by_default(module, x):
    torch.set_default_device("cuda")
    return module.linear(x) + torch.zeros(8)


def in_a_range(module, x):
    with torch.cuda.nvtx.range("layer"), torch.device("cuda"):
        return module.linear(x) + torch.rand(8, generator=torch.Generator(device="cuda"))


ON_CUDA = {
    "a tensor made there": lambda m, x: m.linear(x) + torch.zeros(8, device="cuda"),
    "by number": lambda m, x: m.linear(x) + torch.zeros(8, device=torch.device("cuda", 1)),
    "cuda()": lambda m, x: m.linear(x.cuda()) + torch.zeros(8).cuda(0),
    "to()": lambda m, x: m.linear(x.to("cuda", torch.float32, non_blocking=True)).to(device="cuda"),
    "to() another": lambda m, x: m.linear(x) + torch.arange(8, device="cuda:0").to(x),
    "new_zeros": lambda m, x: m.linear(x) + x.new_zeros(8, device="cuda"),
    "zeros_like": lambda m, x: m.linear(x) + torch.zeros_like(x, device="cuda"),
    "a legacy class": lambda m, x: m.linear(x) + torch.cuda.FloatTensor(8).zero_(),
    "pinned memory": lambda m, x: m.linear(x) + torch.zeros(8, device="cuda", pin_memory=False),
    "the module itself": moved_in_place,
    "streams": on_streams,
    "autocast": in_autocast,
    "the default": by_default,
    "a generator and a profiler's range": in_a_range,
}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("forward", ON_CUDA.values(), ids=ON_CUDA)
def test_a_model_that_names_cuda_needs_none(forward, backward):
    model = Calls(forward, linear=nn.Linear(8, 8))
    report = Profiler(backward=backward).profile(model, X)
    assert (report.macs, report.trace.ran, report.trace.uncounted) == (MACS, "shapes", ())
    with pytest.raises((AssertionError, RuntimeError)):
        torch.zeros(1, device="cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA")
def test_what_is_asked_for_on_another_device_says_that_it_is_there():
    def forward(module, x):
        y = x.cuda()
        assert (x.device.type, y.device, (y + 1).device.type) == ("cpu", torch.device("cuda:0"), "cuda")
        assert y.is_cuda
        assert not x.is_cuda
        assert y.get_device() == 0
        assert y.cpu().is_cpu
        return module.linear(y)

    assert profile(Calls(forward, linear=nn.Linear(8, 8)), X).macs == MACS


BRANCHES = {
    "type": lambda x: x.device.type == "cpu",
    "equality": lambda x: x.device == torch.device("cpu"),
    "text": lambda x: str(x.device) == "cpu",
    "is_cpu": lambda x: x.is_cpu,
    "is_meta": lambda x: not x.is_meta,
    "is_cuda": lambda x: not x.is_cuda,
    "class": lambda x: x.type() == "torch.FloatTensor",
    "get_device": lambda x: x.get_device() == -1,
    "a tensor made beside": lambda x: torch.ones(2, device=x.device).is_cpu,
}


@pytest.mark.parametrize("asks", BRANCHES.values(), ids=BRANCHES)
def test_a_branch_on_the_device_is_the_one_that_the_users_data_takes(asks):
    def forward(module, x):
        y = module.linear(x)
        return module.linear(y) if asks(x) and asks(y) and asks(module.linear.weight) else y

    with torch.no_grad():
        report = profile(Calls(forward, linear=nn.Linear(8, 8)), X)
    assert (report.macs, report.trace.ran) == (2 * MACS, "shapes")


def test_what_is_on_the_meta_device_says_so():
    def forward(module, x):
        return module.linear(x) if x.is_meta and x.device.type == "meta" else x

    model = Calls(forward, linear=nn.Linear(8, 8, device="meta"))
    assert profile(model, X.to("meta")).macs == MACS
