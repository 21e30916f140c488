"""One call of a model prepared for a counter: copied, moved to a device; and how often submodules are met."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import torch
from torch.utils._pytree import tree_map_only

from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree, named_modules
from convcost.tracing.tensors import tensors

MAX_OCCURRENCES = 10**6
"""Submodules that share others may be met more often than there is time for."""


def copy_call(call: ModuleCall) -> ModuleCall:
    """A copy of a model and its inputs; what they share, the copies share."""
    return deepcopy(call)


def all_tensors(call: ModuleCall) -> list[Any]:
    """Every tensor of the model and its inputs."""
    inputs = tensors((call.args, call.kwargs))
    parts = module_tree(call.model)
    return [*parts.parameters.values(), *parts.buffers.values(), *inputs]


def move_call(call: ModuleCall, device: str) -> ModuleCall:
    """Move the model to `device` in place; tensors that had no data are zeros there.

    Shared tensors stay shared. The inputs are new.
    """
    if all(_is_on(tensor, device) for tensor in all_tensors(call)):
        return call
    _move_module(call.model, device)
    return ModuleCall(call.model, *_moved_inputs((call.args, call.kwargs), device))


def _is_on(tensor: torch.Tensor, device: str) -> bool:
    return tensor.device.type == device


def _moved(tensor: torch.Tensor, device: str) -> torch.Tensor:
    if tensor.is_meta and device != "meta":
        return torch.zeros_like(tensor, device=device)
    return tensor.detach().to(device)


def _move_module(module: torch.nn.Module, device: str) -> None:
    known: dict[int, torch.Tensor] = {}
    for submodule in named_modules(module).values():
        tables: tuple[dict[str, Any], ...] = (submodule._parameters, submodule._buffers)
        for registered in tables:
            for name, tensor in registered.items():
                if tensor is not None and not _is_on(tensor, device):
                    moved = _moved(tensor, device)
                    if isinstance(tensor, torch.nn.Parameter):
                        moved = torch.nn.Parameter(moved, tensor.requires_grad)
                    registered[name] = known.setdefault(id(tensor), moved)


def _moved_inputs(values: Any, device: str) -> Any:
    return tree_map_only(torch.Tensor, lambda tensor: _moved(tensor, device), values)


def count_occurrences(module: torch.nn.Module) -> Mapping[str, int]:
    """How often each submodule is met by following children: one with two names is met twice."""
    names = {id(submodule): path for path, submodule in named_modules(module).items()}
    met: Tally[str] = Tally()
    waiting = [module]
    while waiting and met.total() < MAX_OCCURRENCES:
        found = waiting.pop()
        met[names[id(found)]] += 1
        waiting.extend(_children(found))
    return met


def _children(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """Each child once, as torch's own method has them."""
    children = [child for child in module._modules.values() if child is not None]
    yield from {id(child): child for child in children}.values()
