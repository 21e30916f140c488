"""Pieces that compute where torch does not show it: in NumPy, in raw memory, in other threads."""

import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from tracing.random_models import ANY_NAME, calls, kind, kinds, matrix, named


class NumpyFunction(torch.autograd.Function):
    """A round trip through NumPy."""

    @staticmethod
    def forward(ctx, x):
        values = x.detach().numpy()
        return torch.from_numpy(values @ values.T)

    @staticmethod
    def backward(ctx, gradient):
        return None


def numpy_method(_, x):
    values = x.detach().numpy()
    return torch.from_numpy(values @ values.T)


def numpy_array(_, x):
    values = np.asarray(x.detach())
    return torch.as_tensor(values @ values.T)


def numpy_by_dlpack(_, x):
    values = np.from_dlpack(x.detach())
    return torch.from_dlpack(values @ values.T)


def numpy_of_weight(module, x):
    """Only a weight goes through NumPy."""
    values = module.weight.detach().numpy()
    return F.linear(x, torch.from_numpy(values @ np.eye(values.shape[1], dtype=values.dtype)))


def forced_numpy(_, x):
    return torch.tensor(np.square(x.numpy(force=True)))


def write_by_address(_, x):
    """Doubles a tensor's numbers in memory, as a kernel of one's own would."""
    x = x.detach().clone()
    address = x.data_ptr()
    if not address:
        raise RuntimeError("there is no memory to write to")
    numbers = (ctypes.c_float * x.numel()).from_address(address)
    for place, number in enumerate(numbers):
        numbers[place] = 2 * number
    return x


def write_if_there_is_memory(_, x):
    x = x.detach().clone()
    if x.data_ptr():
        ctypes.memset(x.data_ptr(), 0, x.numel() * x.element_size())
    return x


def write_by_storage(_, x):
    x = x.detach().clone()
    if x.untyped_storage().data_ptr():
        ctypes.memset(x.untyped_storage().data_ptr(), 0, x.numel() * x.element_size())
    return x


def unseen(function):
    return lambda draw: named(function, ANY_NAME)


def numpy_and_weight(draw):
    macs = draw.rows * draw.width * 6
    return named(numpy_of_weight, ANY_NAME, held={"weight": matrix(6, draw.width)}, macs=macs)


kinds(
    {
        "numpy in autograd.Function": unseen(lambda _, x: NumpyFunction.apply(x)),
        "numpy()": unseen(numpy_method),
        "numpy(force=True)": unseen(forced_numpy),
        "np.asarray": unseen(numpy_array),
        "np.from_dlpack": unseen(numpy_by_dlpack),
        "write by data_ptr": unseen(write_by_address),
        "numpy of a weight": numpy_and_weight,
        "write by a storage's data_ptr": unseen(write_by_storage),
        "write by data_ptr if there is memory": unseen(write_if_there_is_memory),
    }
)

BEFORE = ThreadPoolExecutor(1)
"""Made before any forward."""


def started(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def pooled_within(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


RUNNERS = {
    "Thread": started,
    "ThreadPoolExecutor of forward": pooled_within,
    "ThreadPoolExecutor from before": lambda work: BEFORE.submit(work).result(),
    "ThreadPoolExecutor.map": lambda work: next(iter(BEFORE.map(lambda _: work(), [0]))),
}

WORKS = {
    "a submodule": lambda module, x: module.inner(x),
    "a function": lambda module, x: F.linear(x, module.inner.weight),
    "@": lambda module, x: x @ module.inner.weight.mT,
}


def threaded(run, work):
    def make(draw):
        return calls(
            lambda module, x: run(lambda: work(module, x)),
            draw.rows * draw.width * 6,
            held={"inner": nn.Linear(draw.width, 6)},
            names=(ANY_NAME,),
            may_name=True,
            is_dispatched=False,
        )

    return make


kinds({f"{work} in {runner}": threaded(RUNNERS[runner], WORKS[work]) for runner in RUNNERS for work in WORKS})


@kind("torch.jit.fork")
def forked(draw):
    def forward(module, x):
        return torch.jit.wait(torch.jit.fork(module.inner, x))

    return calls(forward, draw.rows * draw.width * 6, held={"inner": nn.Linear(draw.width, 6)})


def doubled(number, *_):
    return 2 * number


kinds(
    {
        "Tensor.apply_": lambda draw: named(lambda _, x: x.detach().clone().apply_(doubled), "apply_"),
        "Tensor.map_": lambda draw: named(lambda _, x: x.detach().clone().map_(x.detach(), doubled), "map_"),
    }
)
