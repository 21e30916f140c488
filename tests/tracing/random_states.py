"""Pieces that hooks and states of the user's own take part in, which no run may leave changed."""

import copy
from collections import deque

import torch
import torch.nn.functional as F
from torch import nn
from tracing.random_models import calls, kinds


def hooked(register):
    def make(draw):
        layer, weight = nn.Linear(draw.width, draw.width), torch.randn(draw.width, draw.width)
        register(layer, weight)
        return calls(lambda module, x: module.inner(x), 2 * draw.rows * draw.width**2, held={"inner": layer})

    return make


kinds(
    {
        "forward hook": hooked(
            lambda layer, weight: layer.register_forward_hook(lambda _, args, output: output @ weight)
        ),
        "forward pre-hook": hooked(
            lambda layer, weight: layer.register_forward_pre_hook(lambda _, args: (args[0] @ weight,))
        ),
        "forward hook that returns nothing": hooked(
            lambda layer, weight: layer.register_forward_hook(
                lambda _, args, output: (output @ weight, None)[1]
            )
        ),
    }
)


class Cache:
    """An object that is no module."""

    def __init__(self, width):
        self.keys, self.calls = [torch.ones(1, width)], 0


def growing(make, keys):
    """Keys are kept as a model of language does: one stands there before, and each call adds its own."""

    def forward(module, x):
        kept = keys(module.state)
        kept.append(x.detach())
        return x @ torch.cat(list(kept)).mT

    def piece(draw):
        macs = draw.rows * draw.width * (draw.rows + 1)
        return calls(forward, macs, held={"state": make(draw.width)})

    return piece


kinds(
    {
        "list of keys": growing(lambda width: [torch.ones(1, width)], lambda state: state),
        "deque of keys": growing(lambda width: deque([torch.ones(1, width)]), lambda state: state),
        "dict of lists of keys": growing(
            lambda width: {"k": [torch.ones(1, width)]}, lambda state: state["k"]
        ),
        "tuple of lists of keys": growing(lambda width: ([torch.ones(1, width)],), lambda state: state[0]),
        "object with keys": growing(Cache, lambda state: state.keys),
        "dict of objects with keys": growing(
            lambda width: {"a": Cache(width)}, lambda state: state["a"].keys
        ),
    }
)


def counted(state, count):
    """The first call does what later ones leave out."""

    def forward(module, x):
        if count(module.state) == 1:
            return module.inner(x)
        return x

    def make(draw):
        macs = draw.rows * draw.width * 6
        return calls(forward, macs, held={"state": state(), "inner": nn.Linear(draw.width, 6)})

    return make


def count_in_object(state):
    state.calls += 1
    return state.calls


def count_in_dict(state):
    state["n"]["calls"] += 1
    return state["n"]["calls"]


def count_in_tensor(state):
    state[0].add_(1)
    return int(state[0])


kinds(
    {
        "object that counts calls": counted(lambda: Cache(1), count_in_object),
        "nested dict that counts calls": counted(lambda: {"n": {"calls": 0}}, count_in_dict),
        "tensor in a list that counts calls": counted(lambda: [torch.tensor(0)], count_in_tensor),
    }
)


GLOBAL = torch.ones(6, 32)
"""A weight that no module has."""


def patched(draw):
    """A forward of the instance's own."""
    layer = nn.Linear(draw.width, 6)
    layer.forward = lambda x: F.linear(F.linear(x, layer.weight), layer.weight.mT)
    return layer


async def later(module, x):
    return module.inner(x)


def run_to_end(coroutine):
    """As asyncio.run, without its machinery."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value


def one_product(function, held=lambda draw: {"inner": nn.Linear(draw.width, 6)}, times=1):
    def make(draw):
        return calls(function, times * draw.rows * draw.width * 6, held=held(draw))

    return make


def inferred(module, x):
    with torch.inference_mode():
        return F.linear(x.detach(), module.inner.weight).clone() * 1


def closed_over(draw):
    layer = nn.Linear(draw.width, 6)
    return calls(lambda _, x: layer(x), draw.rows * draw.width * 6)


kinds(
    {
        "module in a list": one_product(
            lambda module, x: module.kept[0](x), lambda draw: {"kept": [nn.Linear(draw.width, 6)]}
        ),
        "module in a closure": closed_over,
        "global weight": one_product(lambda _, x: F.linear(x, GLOBAL[:, : x.shape[1]])),
        "tensor attribute": one_product(
            lambda module, x: F.linear(x, module.kept), lambda draw: {"kept": torch.randn(6, draw.width)}
        ),
        "copied in forward": one_product(lambda module, x: copy.deepcopy(module.inner)(x)),
        "forward called by name": one_product(lambda module, x: module.inner.forward(x)),
        "forward of the instance": one_product(
            lambda module, x: module.inner(x), lambda draw: {"inner": patched(draw)}, times=2
        ),
        "coroutine": one_product(lambda module, x: run_to_end(later(module, x))),
        "inference_mode": one_product(inferred),
        "Tensor.data": one_product(lambda module, x: F.linear(x.data, module.inner.weight.data)),
        "from_dlpack of a tensor": one_product(
            lambda module, x: F.linear(torch.from_dlpack(x.detach()), module.inner.weight)
        ),
        "item as a factor": one_product(lambda module, x: module.inner(x * x.mean().item())),
        "numbers in a text": one_product(lambda module, x: (str(x), module.inner(x))[1]),
    }
)
