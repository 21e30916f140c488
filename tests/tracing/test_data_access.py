"""Work that leaves torch is named where its result comes back; what data decides is decided by data."""

import ctypes
import gc
import weakref

import numpy
import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.core.cost import Cost
from convcost.tracing.profile import Profiler, profile

X = torch.ones(4, 8)
MACS = 4 * 8 * 8


class Foreign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        return torch.from_numpy(x.detach().numpy() @ weight.detach().numpy())

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def into_memory(module, x):
    y = module.linear(x)
    output = torch.empty_like(y)
    ctypes.memmove(output.data_ptr(), y.data_ptr(), y.numel() * 4)
    return output + 1


def in_place(module, x):
    y = module.linear(x).detach()
    numpy.multiply(y.numpy(), 2, out=y.numpy())
    return y


OUTSIDE = {
    "a function of autograd": (lambda m, x: Foreign.apply(m.linear(x), m.linear.weight), "python::numpy"),
    "NumPy": (lambda m, x: torch.as_tensor(numpy.sin(m.linear(x).detach().numpy())), "python::numpy"),
    "a list": (lambda m, x: torch.tensor(m.linear(x).tolist()) + 1, "python::tolist"),
    "memory of another": (into_memory, "python::data_ptr"),
    "memory of its own": (in_place, "python::numpy"),
}


@pytest.mark.parametrize(("forward", "name"), OUTSIDE.values(), ids=OUTSIDE)
def test_work_outside_torch_is_named(forward, name):
    report = profile(Calls(forward, linear=nn.Linear(8, 8)), X)
    assert (report.macs, report.trace.ran) == (MACS, "data")
    assert {missed.operator for missed in report.trace.uncounted} == {name}


INSIDE = {
    "a constant": lambda m, x: m.linear(x) + torch.from_numpy(numpy.hanning(8).astype(numpy.float32)),
    "a number": lambda m, x: m.linear(x) * torch.tensor(float(x.sum())),
    "whole numbers": lambda m, x: m.linear(x[torch.tensor(x.long().argmax(1).tolist())]),
    "a look": lambda m, x: m.linear(x) * int(bool((m.linear.weight.detach().numpy() < 9).all())),
    "memory that is written to": lambda m, x: m.linear(x) + torch.empty(8).normal_(),
}


@pytest.mark.parametrize("forward", INSIDE.values(), ids=INSIDE)
def test_constants_and_reads_are_no_work(forward):
    report = profile(Calls(forward, linear=nn.Linear(8, 8)), X)
    assert (report.macs, report.trace.uncounted) == (MACS, ())


def model_that_reads(read):
    def forward(module, x):
        try:
            read(x)
        except Exception:
            return x
        return module.linear(x)

    return Calls(forward, linear=nn.Linear(8, 8))


READS = {
    "item": lambda x: x.sum().item(),
    "float": lambda x: float(x.sum()),
    "bool": lambda x: bool(x.sum() > 0),
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.numpy(),
    "nonzero": lambda x: x.nonzero(),
    "unique": lambda x: x.unique(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_an_error_for_want_of_data_that_a_model_catches_decides_nothing(read):
    report = profile(model_that_reads(read), X)
    assert (report.macs, report.trace.ran, report.trace.uncounted) == (MACS, "data", ())


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_without_data_the_count_says_that_something_was_asked_for(read):
    report = Profiler(memory=0).profile(model_that_reads(read), X)
    assert (report.macs, report.trace.ran, report.trace.is_partial) == (0, "shapes", True)


@torch.library.custom_op("convcost_tests::into", mutates_args=("out",))
def into(x: torch.Tensor, out: torch.Tensor) -> None:
    out.copy_(x @ x.t() @ x)


@into.register_fake
def _(x, out):
    return None


def written(module, x):
    y = module.linear(x)
    output = torch.empty_like(y)
    into(y, output)
    return output


def test_an_operator_that_returns_nothing_and_writes_is_named_and_takes_a_formula():
    model = Calls(written, linear=nn.Linear(8, 8))
    report = profile(model, X)
    assert (report.macs, [missed.operator for missed in report.trace.uncounted]) == (
        MACS,
        ["convcost_tests::into"],
    )

    def cost(x, out, output, **_):
        assert output is out
        return Cost(macs=2 * x.shape[0] ** 2 * x.shape[1])

    report = Profiler(formulas={"convcost_tests::into": cost}).profile(model, X)
    assert (report.macs, report.trace.uncounted) == (MACS + 2 * 16 * 8, ())


def test_an_input_that_is_a_result_may_be_written_to_by_the_first_layer():
    x = torch.ones(4, 8, requires_grad=True) * 2
    report = Profiler(backward=True).profile(nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8)), x)
    assert [report.trace.total(f"gradient by {what}").macs for what in ("weight", "input")] == [MACS, MACS]


def by_steps(module, x, steps):
    for _ in range(int(steps.max())):
        x = module.linear(x)
    return x


def by_a_constant(module, x, ids):
    for _ in range(int(torch.tensor([1, 2]).max())):
        x = module.linear(x)
    return x


def test_zeros_in_place_of_an_input_that_decide_what_runs_are_noted():
    module = Calls(by_steps, linear=nn.Linear(8, 8))
    declared, given = profile(module, "f32[4,8]", "i64[2]"), profile(module, X, torch.tensor([2, 1]))
    assert (declared.macs, declared.trace.reads_zeros) == (0, True)
    assert (given.macs, given.trace.reads_zeros) == (2 * MACS, False)
    constant = profile(Calls(by_a_constant, linear=nn.Linear(8, 8)), "f32[4,8]", "i64[2]")
    assert (constant.macs, constant.trace.reads_zeros) == (2 * MACS, False)


def test_an_error_of_an_input_that_looks_like_a_shape_says_how_to_write_a_tensor():
    with pytest.raises(TypeError) as error:
        profile(nn.Linear(8, 8), (4, 8))
    assert error.value.__notes__[-1] == 'An input is the tuple (4, 8). For a tensor: "f32[4,8]"'


def test_an_error_for_lack_of_values_says_that_a_tensor_has_them():
    def packs(module, x, lengths):
        return nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True).data

    with pytest.raises(RuntimeError) as error:
        profile(Calls(packs), "f32[3,6,8]", "i64[3]")
    assert error.value.__notes__[-1] == "Inputs given by shape have no values: give tensors with values."


def test_a_class_without_a_hash_is_no_obstacle():
    class Unhashable(type):  # noqa: PLW1641
        def __eq__(cls, other):  # which leaves it without a hash
            raise TypeError("not to be compared")

    held = Unhashable("Odd", (), {})()
    module = Calls(lambda _, x: torch.from_numpy(x.numpy() * 2))
    report = profile(module, torch.ones(3, 4))
    assert report.trace.is_partial
    assert type(held).__name__ == "Odd"


def test_a_profile_leaves_nothing_at_tensors_that_live_on():
    """Neither references to them nor what would be called at their end."""
    held = torch.ones(3)
    memory = held.untyped_storage()
    before = weakref.getweakrefcount(memory)
    module = Calls(lambda _, x: torch.from_numpy(x.numpy() * 2))
    for _ in range(3):
        profile(module, torch.ones(3, 4))
    gc.collect()
    assert weakref.getweakrefcount(memory) == before
