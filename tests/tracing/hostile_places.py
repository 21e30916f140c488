"""Where a module may keep a tensor."""

import functools
import weakref
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import nn
from tracing.hostile import Net

Pair = namedtuple("Pair", "first second")


class Plain:
    def __init__(self, tensor: Any = None) -> None:
        self.tensor = tensor

    def read(self) -> Any:
        return self.tensor


class Slots:
    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


@dataclass
class Data:
    tensor: Any


@dataclass(frozen=True, slots=True)
class Frozen:
    tensors: list[Any]


class SharedCache(Plain):
    """A cache that all share, copies too."""

    def __deepcopy__(self, memo: Any) -> "SharedCache":
        return self


class Place(NamedTuple):
    """How a module comes to have a tensor there, where it finds it, and how it puts another in its place."""

    keep: Callable[[nn.Module, torch.Tensor], Any]
    find: Callable[[nn.Module], torch.Tensor]
    put: Callable[[nn.Module, torch.Tensor], Any]


def attribute_place(
    wrap: Callable[[torch.Tensor], Any], find: Callable[[Any], Any], put: Callable[[Any, Any], Any]
) -> Place:
    """In an attribute that `wrap` makes of it."""
    return Place(
        lambda module, tensor: setattr(module, "kept", wrap(tensor)),
        lambda module: find(module.kept),
        lambda module, tensor: put(module.kept, tensor),
    )


def item(wrap: Callable[[torch.Tensor], Any], *keys: Any) -> Place:
    """In containers within each other."""

    def put(kept: Any, tensor: torch.Tensor) -> None:
        functools.reduce(lambda held, key: held[key], keys[:-1], kept)[keys[-1]] = tensor

    return attribute_place(wrap, lambda kept: functools.reduce(lambda held, key: held[key], keys, kept), put)


def attribute(wrap: Callable[[torch.Tensor], Any], name: str = "tensor") -> Place:
    return attribute_place(
        wrap, lambda kept: getattr(kept, name), lambda kept, tensor: setattr(kept, name, tensor)
    )


def of_module(
    keep: Callable[[nn.Module, torch.Tensor], Any], wrap: Callable[[Any], Any] = lambda tensor: tensor
) -> Place:
    return Place(
        keep, lambda module: module.kept, lambda module, tensor: setattr(module, "kept", wrap(tensor))
    )


def cycle(tensor: torch.Tensor) -> Plain:
    plain = Plain(tensor)
    plain.me, plain.all = plain, [plain]
    return plain


def in_class(module: nn.Module, tensor: torch.Tensor) -> None:
    module.__class__ = type("WithClassAttribute", (Net,), {"kept": tensor})


def in_closure(module: nn.Module, tensor: torch.Tensor) -> None:
    def cell(other: Any = None) -> torch.Tensor:
        nonlocal tensor
        tensor = tensor if other is None else other
        return tensor

    module.kept = cell


def in_hook(module: nn.Module, tensor: torch.Tensor) -> None:
    held = [tensor]
    module.lin.register_forward_pre_hook(lambda *_: held and None)


def in_owner(wrap: Callable[[Plain], Any]) -> Callable[[nn.Module, torch.Tensor], Any]:
    """In an object that others own, which the module refers to weakly."""

    def keep(module: nn.Module, tensor: torch.Tensor) -> Any:
        owner = Plain(tensor)
        module.kept = wrap(owner)
        return owner

    return keep


def with_default(tensor: torch.Tensor) -> Callable[..., Any]:
    def read(cache: list[Any] = [tensor]) -> list[Any]:  # noqa: B006
        return cache

    return read


def held_by(hook: Any) -> list[Any]:
    return hook.__closure__[0].cell_contents


def hook_of(module: nn.Module) -> list[Any]:
    return held_by(next(iter(module.lin._forward_pre_hooks.values())))


GLOBAL: dict[str, Any] = {}

WITHIN: dict[str, Place] = {
    "buffer": of_module(lambda module, tensor: module.register_buffer("kept", tensor)),
    "buffer that is not saved": of_module(
        lambda module, tensor: module.register_buffer("kept", tensor, persistent=False)
    ),
    "parameter": of_module(
        lambda module, tensor: setattr(module, "kept", nn.Parameter(tensor)),
        lambda tensor: nn.Parameter(tensor.detach()),
    ),
    "attribute": of_module(lambda module, tensor: setattr(module, "kept", tensor)),
    "view": of_module(lambda module, tensor: setattr(module, "kept", tensor.expand(3, 4, 4).contiguous()[1])),
    "list": item(lambda tensor: [tensor], 0),
    "list in tuple": item(lambda tensor: ([tensor],), 0, 0),
    "dict": item(lambda tensor: {"k": tensor}, "k"),
    "dict in list": item(lambda tensor: [{0: tensor}], 0, 0),
    "list in dict": item(lambda tensor: {0: [tensor]}, 0, 0),
    "deque in list": item(lambda tensor: [deque([tensor], maxlen=3)], 0, 0),
    "defaultdict": item(lambda tensor: defaultdict(list, k=[tensor]), "k", 0),
    "ordered dict": item(lambda tensor: OrderedDict(k=tensor), "k"),
    "UserDict": item(lambda tensor: UserDict(k=tensor), "k"),
    "set": attribute_place(
        lambda tensor: {tensor},
        lambda kept: next(iter(kept)),
        lambda kept, new: (kept.clear(), kept.add(new)),
    ),
    "named tuple": Place(
        lambda module, tensor: setattr(module, "kept", Pair(tensor, tensor)),
        lambda module: module.kept.second,
        lambda module, tensor: setattr(module, "kept", Pair(tensor, module.kept.first)),
    ),
    "SimpleNamespace": attribute(lambda tensor: SimpleNamespace(tensor=tensor)),
    "object": attribute(Plain),
    "dataclass": attribute(Data),
    "frozen dataclass": attribute_place(
        lambda tensor: Frozen([tensor]),
        lambda kept: kept.tensors[0],
        lambda kept, new: kept.tensors.__setitem__(0, new),
    ),
    "slots": attribute(Slots),
    "object in dict in list": attribute_place(
        lambda tensor: [{"past": Plain(tensor)}],
        lambda kept: kept[0]["past"].tensor,
        lambda kept, new: setattr(kept[0]["past"], "tensor", new),
    ),
    "cycle": attribute(cycle),
    "bound method": attribute_place(
        lambda tensor: Plain(tensor).read,
        lambda kept: kept(),
        lambda kept, new: setattr(kept.__self__, "tensor", new),
    ),
    "partial": attribute_place(
        lambda tensor: functools.partial(torch.add, other=tensor),
        lambda kept: kept.keywords["other"],
        lambda kept, new: kept.keywords.update(other=new),
    ),
    "NumPy array": attribute_place(
        lambda tensor: tensor.numpy().copy(),
        torch.from_numpy,
        lambda kept, new: kept.__setitem__(slice(None), 7),
    ),
    "module in list": attribute_place(
        lambda tensor: [nn.Linear(4, 4)],
        lambda kept: kept[0].weight,
        lambda kept, new: setattr(kept[0], "weight", nn.Parameter(new.detach())),
    ),
    "submodule": attribute_place(
        lambda tensor: nn.Linear(4, 4),
        lambda kept: kept.weight,
        lambda kept, new: setattr(kept, "weight", nn.Parameter(new.detach())),
    ),
    "ParameterDict": item(lambda tensor: nn.ParameterDict({"k": nn.Parameter(tensor)}), "k"),
}
"""Within the module: a copy of it has a copy of it."""

BEYOND: dict[str, Place] = {
    "class attribute": Place(
        in_class, lambda module: module.kept, lambda module, new: setattr(type(module), "kept", new)
    ),
    "closure": attribute_place(
        lambda tensor: tensor, lambda kept: kept(), lambda kept, new: kept(new)
    )._replace(keep=in_closure),
    "closure of a hook": Place(
        in_hook, lambda module: hook_of(module)[0], lambda module, new: hook_of(module).__setitem__(0, new)
    ),
    "default argument": attribute_place(
        with_default, lambda kept: kept()[0], lambda kept, new: kept().__setitem__(0, new)
    ),
    "global": Place(
        lambda module, tensor: GLOBAL.update(k=tensor) or GLOBAL,
        lambda module: GLOBAL["k"],
        lambda module, new: GLOBAL.update(k=new),
    ),
    "weak reference": attribute_place(
        lambda tensor: tensor, lambda kept: kept().tensor, lambda kept, new: setattr(kept(), "tensor", new)
    )._replace(keep=in_owner(weakref.ref)),
    "weak dict": attribute_place(
        lambda tensor: tensor,
        lambda kept: next(iter(kept)).tensor,
        lambda kept, new: setattr(next(iter(kept)), "tensor", new),
    )._replace(keep=in_owner(lambda owner: weakref.WeakKeyDictionary({owner: 1}))),
    "only one": attribute(SharedCache),
}
"""Where even a deep copy of the module has the very same."""

PLACES = {**WITHIN, **BEYOND}
