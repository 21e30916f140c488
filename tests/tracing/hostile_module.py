"""What a forward may do to its own module."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.utils import checkpoint
from tracing.hostile import Net, Subject

import convcost


class NetWithState(Net):
    """A linear layer among things that forwards change, with gradients already there."""

    def __init__(self, act: Callable[..., Any]) -> None:
        super().__init__(act)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.spare = nn.Linear(4, 4)
        self.register_buffer("mean", torch.zeros(4))
        self.calls = 0
        self.names = ["a"]
        self.optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        self.saved = {name: tensor.clone() + 1 for name, tensor in self.state_dict().items()}
        for parameter in self.lin.parameters():
            parameter.grad = torch.ones_like(parameter)


class Other(NetWithState):
    pass


def count(module: Any, x: torch.Tensor) -> None:
    module.calls += 1
    module.names.append("b")
    module.last = x


def change_mean(module: Any, x: torch.Tensor) -> None:
    module.mean.mul_(0.9).add_(module.lin(x).detach().mean(0))


def double_data(module: Any, x: torch.Tensor) -> None:
    module.lin.weight.data = module.lin.weight.data * 2


def swap(module: Any, x: torch.Tensor) -> None:
    with torch.no_grad():
        other = nn.Parameter(torch.zeros(4, 4))
        torch.utils.swap_tensors(module.lin.weight, other)


def gradients(module: Any, x: torch.Tensor) -> None:
    with torch.enable_grad():
        torch.autograd.grad(module.lin(x).sum(), module.lin.weight)


def backward(module: Any, x: torch.Tensor) -> None:
    with torch.enable_grad():
        module.lin(x).sum().backward()


def optimize(module: Any, x: torch.Tensor) -> None:
    backward(module, x)
    module.optimizer.step()


def optimize_without_backward(module: Any, x: torch.Tensor) -> None:
    module.lin.weight.grad = torch.ones_like(module.lin.weight)
    module.optimizer.step()


def fill(module: Any, x: torch.Tensor) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.zeros_like(parameter))


def profile_other(module: Any, x: torch.Tensor) -> None:
    convcost.profile(nn.Linear(4, 4), torch.ones(1, 4))


def profile_own(module: Any, x: torch.Tensor) -> None:
    convcost.profile(module.lin, torch.ones(1, 4))


def recompute(module: Any, x: torch.Tensor) -> None:
    checkpoint.checkpoint(module.lin, x, use_reentrant=False)


def functional(module: Any, x: torch.Tensor) -> None:
    weights = {name: tensor * 2 for name, tensor in module.lin.named_parameters()}
    torch.func.functional_call(module.lin, weights, (x,))


def vector(module: Any, x: torch.Tensor) -> None:
    flat = nn.utils.parameters_to_vector(module.lin.parameters())
    nn.utils.vector_to_parameters(flat.detach() * 2, module.lin.parameters())


def new_forward(module: Any, x: torch.Tensor) -> None:
    module.forward = lambda x: x


def weight_hook(module: Any, x: torch.Tensor) -> None:
    module.lin.weight.register_hook(lambda gradient: gradient * 2)


def accumulated_hook(module: Any, x: torch.Tensor) -> None:
    module.lin.weight.register_post_accumulate_grad_hook(lambda parameter: parameter.grad.zero_())


SAME_COUNT: dict[str, Callable[[Any, torch.Tensor], Any]] = {
    "counts": count,
    "double": lambda m, x: m.double(),
    "half": lambda m, x: m.spare.half(),
    "to bfloat16": lambda m, x: m.to(torch.bfloat16),
    "to meta and back": lambda m, x: m.spare.to_empty(device="meta"),
    "share_memory": lambda m, x: m.share_memory(),
    "requires_grad_": lambda m, x: m.spare.requires_grad_(False),
    "requires_grad_ of all": lambda m, x: m.requires_grad_(False),
    "register_buffer": lambda m, x: m.register_buffer("later", x.mean(0)),
    "del buffer": lambda m, x: delattr(m, "mean") if hasattr(m, "mean") else None,
    "register_parameter": lambda m, x: m.register_parameter("later", nn.Parameter(torch.ones(4))),
    "no bias": lambda m, x: m.spare.register_parameter("bias", None),
    "del parameter": lambda m, x: m.spare._parameters.pop("bias", None),
    "new parameter": lambda m, x: setattr(m.lin, "weight", nn.Parameter(torch.zeros(4, 4))),
    "add_module": lambda m, x: m.add_module("later", nn.Linear(2, 2)),
    "new submodule": lambda m, x: setattr(m, "lin", nn.Linear(4, 4)),
    "del submodule": lambda m, x: delattr(m, "spare") if hasattr(m, "spare") else None,
    "pop from _modules": lambda m, x: m._modules.pop("spare", None),
    "order of _modules": lambda m, x: m._modules.move_to_end("lin") if hasattr(m._modules, "move_to_end") else
    m._modules.update(lin=m._modules.pop("lin")),
    "replace _modules": lambda m, x: m.__dict__.update(_modules=dict(m._modules)),
    "replace _parameters": lambda m, x: m.lin.__dict__.update(_parameters=dict(m.lin._parameters)),
    "forward hook": lambda m, x: m.lin.register_forward_hook(lambda *_: None),
    "forward pre-hook": lambda m, x: m.lin.register_forward_pre_hook(lambda *_: None),
    "backward hook": lambda m, x: m.norm.register_full_backward_hook(lambda *_: None),
    "state_dict hook": lambda m, x: m.register_state_dict_pre_hook(lambda *_: None),
    "load_state_dict hook": lambda m, x: m.register_load_state_dict_post_hook(lambda *_: None),
    "weight hook": weight_hook,
    "gradient hook": accumulated_hook,
    "eval": lambda m, x: m.eval(),
    "train": lambda m, x: m.train(not m.training),
    "training of a part": lambda m, x: m.drop.eval(),
    "zero_grad": lambda m, x: m.zero_grad(set_to_none=False),
    "zero_grad to None": lambda m, x: m.zero_grad(),
    "grad": lambda m, x: setattr(m.spare.weight, "grad", torch.ones(4, 4)),
    "load_state_dict": lambda m, x: m.load_state_dict(m.saved, strict=False),
    "load_state_dict, assigned": lambda m, x: m.load_state_dict(m.saved, strict=False, assign=True),
    "state_dict": lambda m, x: [value.add_(1) for value in m.state_dict().values()],
    "data": double_data,
    "fill": fill,
    "init": lambda m, x: nn.init.ones_(m.lin.weight),
    "reset_parameters": lambda m, x: m.lin.reset_parameters(),
    "apply": lambda m, x: m.apply(lambda part: setattr(part, "visited", True)),
    "weight norm": lambda m, x: parametrize.is_parametrized(m.spare) or parametrizations.weight_norm(m.spare),
    "prune": lambda m, x: hasattr(m.spare, "weight_mask") or prune.l1_unstructured(m.spare, "weight", 0.5),
    "swap_tensors": swap,
    "class": lambda m, x: setattr(m, "__class__", Other),
    "forward": new_forward,
    "optimizer step": optimize_without_backward,
    "param group": lambda m, x: m.optimizer.param_groups[0].update(lr=0.5),
    "batch statistics": lambda m, x: m.norm(x),
    "momentum": lambda m, x: setattr(m.norm, "momentum", None),
    "dropout": lambda m, x: m.drop(x),
    "vector": vector,
    "profile of another": profile_other,
    "requires_grad of a leaf": lambda m, x: m.mean.requires_grad_(),
    "copy": lambda m, x: copy.deepcopy(m.spare).zero_grad(),
    "type": lambda m, x: m.spare.type(torch.float64),
    "inference": lambda m, x: torch.inference_mode()(m.mean.clone)(),
    "no fields": lambda m, x: vars(m).pop("names", None),
}  # fmt: skip
"""Nothing multiplies but the layer that follows."""

OTHER_COUNT: dict[str, Callable[[Any, torch.Tensor], Any]] = {
    "running mean": change_mean,
    "autograd.grad": gradients,
    "backward": backward,
    "optimizer step after backward": optimize,
    "profile of a part": profile_own,
    "checkpoint": recompute,
    "functional_call": functional,
    "grad of func": lambda m, x: torch.func.grad(lambda w: F.linear(x, w).sum())(m.lin.weight),
    "vmap": lambda m, x: torch.func.vmap(m.lin)(x),
}


def subject(act: Callable[..., Any], macs: int | None) -> Subject:
    return Subject(NetWithState(act), (torch.ones(2, 4),), macs=macs)


CASES: dict[str, Callable[[], Subject]] = {
    **{f"module/{name}": functools.partial(subject, act, 32) for name, act in SAME_COUNT.items()},
    **{f"module/{name}": functools.partial(subject, act, None) for name, act in OTHER_COUNT.items()},
}
