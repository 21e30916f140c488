"""What a forward may do with a tensor, wherever its module keeps it."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from tracing.hostile import Net, Subject
from tracing.hostile_places import PLACES, WITHIN, Place


def replace(module: nn.Module, x: torch.Tensor, place: Place) -> None:
    place.put(module, x.detach().sum() * torch.ones(4, 4))


def accumulate(module: nn.Module, x: torch.Tensor, place: Place) -> None:
    place.put(module, place.find(module) + module.lin(x).sum())


def set_data(tensor: torch.Tensor) -> None:
    tensor.data = tensor.data * 2


def set_double(tensor: torch.Tensor) -> None:
    tensor.data = tensor.data.double()


def set_gradient(tensor: torch.Tensor) -> None:
    tensor.grad = torch.ones_like(tensor)


def register_hook(tensor: torch.Tensor) -> None:
    tensor.requires_grad_().register_hook(lambda gradient: gradient * 2)


def write_index(tensor: torch.Tensor) -> None:
    tensor[0] = 7


def write_out(tensor: torch.Tensor) -> None:
    torch.mul(tensor, 3, out=tensor)


def write_numpy(tensor: torch.Tensor) -> None:
    tensor.detach().numpy()[...] = 7


def set_elsewhere(tensor: torch.Tensor) -> None:
    tensor.set_(torch.zeros(4, 4))


ON_TENSOR: dict[str, Callable[[torch.Tensor], Any]] = {
    "add_": lambda tensor: tensor.add_(1),
    "data": set_data,
    "requires_grad_": lambda tensor: tensor.requires_grad_(not tensor.requires_grad),
    "grad": set_gradient,
    "double": set_double,
    "register_hook": register_hook,
    "write_index": write_index,
    "out": write_out,
    "transpose": lambda tensor: tensor.t_(),
    "numpy": write_numpy,
    "set_": set_elsewhere,
    "share_memory_": lambda tensor: tensor.share_memory_(),
    "foreach": lambda tensor: torch._foreach_mul_([tensor], 2),
    "attribute": lambda tensor: setattr(tensor, "seen", True),
}


def on_tensor(change: Callable[[torch.Tensor], Any]) -> Callable[..., None]:
    def act(module: nn.Module, x: torch.Tensor, place: Place) -> None:
        with torch.no_grad():
            change(place.find(module))

    return act


ACTS: dict[str, Callable[..., None]] = {
    **{name: on_tensor(change) for name, change in ON_TENSOR.items()},
    "replace": replace,
    "accumulate": accumulate,
}

EVERYWHERE = ("add_", "data", "requires_grad_", "grad", "replace", "accumulate")
"""What is done with a tensor wherever it is kept; the rest, where it is kept most."""

MOST = ("buffer", "attribute", "parameter", "list", "submodule")


def subject(place: Place, act: Callable[..., None]) -> Subject:
    module = Net(functools.partial(_run_action, place=place, act=act))
    others = place.keep(module, torch.arange(16.0).view(4, 4))
    return Subject(module, (torch.ones(2, 4),), (others,), macs=64 if act is accumulate else 32)


def _run_action(module: nn.Module, x: torch.Tensor, place: Place, act: Callable[..., None]) -> None:
    act(module, x, place)


CASES: dict[str, Callable[[], Subject]] = {
    f"{'within' if where in WITHIN else 'beyond'}/{where}/{what}": functools.partial(subject, place, act)
    for where, place in PLACES.items()
    for what, act in ACTS.items()
    if what in EVERYWHERE or where in MOST
}

QUICK = [
    name
    for number, name in enumerate(CASES)
    if (number // len(EVERYWHERE)) % len(EVERYWHERE) == number % len(EVERYWHERE)
]
"""Each sixth or so: every place, and most of what is done there."""
