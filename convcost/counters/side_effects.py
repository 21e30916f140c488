"""Side effects of running a counter, on the model and in torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.counters.interface import contractions
from convcost.tracing.module_tree import module_tree, named_modules

if TYPE_CHECKING:
    import torch

HOOKS = (
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks"),
)


WRAPPED_BY_TORCH = ("manual_seed",)
"""Functions that torch wraps when its compiler is imported; not a change by a counter."""


CHANGED_BY_TORCH = ("training", "_flat_weights", "_flat_weight_refs")
"""Attributes that are compared elsewhere, or that recurrent layers replace in each forward."""


class ModelState(NamedTuple):
    """The state of a model and of torch's functions; tensors as a digest of their data, and requires_grad."""

    training: Mapping[str, bool]
    attributes: Mapping[str, Mapping[str, Any]]
    hooks: Mapping[str, int]
    tensors: Mapping[str, tuple[Any, bool]]
    functions: Mapping[str, Any]


def capture_state(module: torch.nn.Module) -> ModelState:
    """The current state of `module` and of torch's functions."""
    submodules = named_modules(module)
    return ModelState(
        training={path: submodule.training for path, submodule in submodules.items()},
        attributes={path: dict(vars(submodule)) for path, submodule in submodules.items()},
        hooks={path: _number_of_hooks(submodule) for path, submodule in submodules.items()},
        tensors={name: (_digest(tensor), tensor.requires_grad) for name, tensor in _tensors(module)},
        functions=dict(_functions()),
    )


def _number_of_hooks(module: torch.nn.Module) -> int:
    return sum(len(getattr(module, name, ())) for name in HOOKS)


def _tensors(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    parts = module_tree(module)
    yield from parts.parameters.items()
    yield from parts.buffers.items()


def _digest(tensor: torch.Tensor) -> object:
    """A digest of the data of a tensor, or its id if it has no data."""
    import torch

    if tensor.is_meta or tensor.layout is not torch.strided:
        return id(tensor)
    data = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    return tuple(tensor.shape), blake2b(data.numpy().data).digest()


def _functions() -> Iterator[tuple[str, Any]]:
    """Torch's functions, by qualified name."""
    import torch

    methods = {name: value for kind in reversed(torch.Tensor.__mro__) for name, value in vars(kind).items()}
    functional = vars(torch.nn.functional)
    for name, namespace in (
        ("torch.nn.functional", functional),
        ("torch.Tensor", methods),
        ("torch", vars(torch)),
    ):
        for attribute, value in list(namespace.items()):
            if callable(value) and not isinstance(value, type) and attribute not in WRAPPED_BY_TORCH:
                yield f"{name}.{attribute}", value


class Change(NamedTuple):
    """A change of a model or of torch: the end of a sentence, with {} for the names of what is changed."""

    text: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text.format(_listed(self.names))


def changes_between(before: ModelState, after: ModelState) -> tuple[Change, ...]:
    """The changes from one state to another."""
    patched = [name for name, value in before.functions.items() if after.functions.get(name) is not value]
    patched.sort(key=lambda name: name.rpartition(".")[2] not in contractions())
    changes = (
        *_modes(before, after),
        *_attributes(before, after),
        *_data(before, after),
        Change("leaves {} patched", tuple(patched)),
    )
    return tuple(change for change in changes if change.names or "{}" not in change.text)


def side_effects(changes: Iterable[Change], of_model: Iterable[Change] = ()) -> tuple[str, ...]:
    """The changes without those that a run of the model makes itself, each as the end of a sentence."""
    own = {change.text: change.names for change in of_model}
    found = (
        change._replace(names=tuple(name for name in change.names if name not in own.get(change.text, ())))
        for change in changes
    )
    return tuple(str(change) for change in found if change.names or change.text not in own)


def _modes(before: ModelState, after: ModelState) -> Iterator[Change]:
    for mode, word in ((False, "eval"), (True, "training")):
        changed = [p for p, was in before.training.items() if was != mode and after.training.get(p) == mode]
        names = ("the model",) if "" in changed else tuple(changed)
        yield Change(f"leaves {{}} in {word} mode", names)


def _attributes(before: ModelState, after: ModelState) -> Iterator[Change]:
    """Changes of hooks and attributes."""
    hooks = sum(after.hooks.get(path, 0) - number for path, number in before.hooks.items())
    if hooks:
        yield Change("leaves hooks on the model" if hooks > 0 else "removes hooks of the model")
    added, removed, changed = set(), set(), set()
    for path, old in before.attributes.items():
        new = after.attributes.get(path, {})
        added |= new.keys() - old.keys()
        removed |= old.keys() - new.keys()
        changed |= {name for name in old.keys() & new.keys() if _is_replaced(name, old[name], new[name])}
    for word, names in (("adds", added), ("removes", removed), ("replaces", changed)):
        yield Change(f"{word} attributes of its modules: {{}}", tuple(sorted(names)))


def _is_replaced(name: str, old: Any, new: Any) -> bool:
    return (
        name not in CHANGED_BY_TORCH
        and old is not new
        and not issubclass(type(old), dict | int | float | str)
    )


def _data(before: ModelState, after: ModelState) -> Iterator[Change]:
    names = sorted(before.tensors.keys() ^ after.tensors.keys())
    yield Change("renames the model's parameters and buffers: {}", tuple(names))
    common = [name for name in before.tensors if name in after.tensors]
    changed = [name for name in common if before.tensors[name][0] != after.tensors[name][0]]
    yield Change("changes the data of {}", tuple(changed))
    frozen = [name for name in common if before.tensors[name][1] != after.tensors[name][1]]
    yield Change("changes requires_grad of {}", tuple(frozen))


def _listed(names: Iterable[str]) -> str:
    """The first three names, and the number of others."""
    names = list(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
