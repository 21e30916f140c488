"""A model's submodules and parameters as counters meet them: by every name."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from convcost.tracing.module_tree import module_tree, named_modules

if TYPE_CHECKING:
    import torch

MOST_PLACES = 10**6
"""Submodules that share others may be met more often than there is time for."""


def places(module: torch.nn.Module) -> Mapping[str, int]:
    """How often each submodule is met by following children: one with two names is met twice."""
    names = {id(submodule): path for path, submodule in named_modules(module).items()}
    met: Tally[str] = Tally()
    waiting = [module]
    while waiting and met.total() < MOST_PLACES:
        found = waiting.pop()
        met[names[id(found)]] += 1
        waiting.extend(_children(found))
    return met


def _children(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """Each child once, as torch's own method has them."""
    children = [child for child in module._modules.values() if child is not None]
    yield from {id(child): child for child in children}.values()


def parameters_remark(module: torch.nn.Module, counted: int | None) -> str:
    """What a counter's number of parameters is, where it is not the model's."""
    parameters = module_tree(module).parameters.values()
    own = sum(tensor.numel() for tensor in parameters)
    if counted is None or counted == own:
        return ""
    trained = sum(tensor.numel() for tensor in parameters if tensor.requires_grad)
    named = sum(tensor.numel() for _, tensor in module.named_parameters(remove_duplicate=False))
    reasons = {trained: ": frozen ones are left out", named: ": tied ones count once for each name"}
    return f"counts {counted:,} parameters where there are {own:,}{reasons.get(counted, '')}"
