"""Find the parameters that a token uses: of a mixture of experts, and of embeddings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch

from convcost.core.generation import ExpertRouting
from convcost.tracing.module_tree import ModuleTree, tied_parameters

EXPERTS = "experts"
"""The usual name of the submodule with the experts, in transformers, Megatron and most users' code."""

EXPERTS_PER_TOKEN = (
    *("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "num_selected_experts"),
    *("top_k", "topk", "moe_top_k", "moe_topk", "moe_k", "top_k_experts", "router_top_k"),
)
"""Usual names of the number of experts per token, as an attribute or in a configuration."""


def expert_routings(tree: ModuleTree) -> tuple[ExpertRouting, ...]:
    """The mixtures of experts in a model; those with an unknown number of experts per token are left out."""
    return tuple(_routings(tree))


def _routings(tree: ModuleTree) -> Iterator[ExpertRouting]:
    for path, module in tree.submodules.items():
        outer, _, name = path.rpartition(".")
        if name != EXPERTS:
            continue
        experts, params = _experts_in(path, module, tree)
        used = _experts_per_token(module, tree.submodules[outer], tree.submodules[""])
        if experts > 1 and params and 0 < used <= experts:
            yield ExpertRouting(path, used, experts, params)


def _experts_in(path: str, module: torch.nn.Module, tree: ModuleTree) -> tuple[int, int]:
    """The number of experts and their parameters, in numbered modules or stacked in tensors."""
    inside = {
        name.removeprefix(f"{path}."): parameter
        for name, parameter in tree.parameters.items()
        if name.startswith(f"{path}.")
    }
    children = [name for name in module._modules if name.isdecimal()]
    if children:
        numbered = [
            parameter.numel() for name, parameter in inside.items() if name.partition(".")[0].isdecimal()
        ]
        return len(children), sum(numbered)
    leading = Counter(parameter.shape[0] for parameter in inside.values() if parameter.ndim > 2)
    [(experts, _)] = leading.most_common(1) or [(0, 0)]
    stacked = (parameter.numel() for parameter in inside.values() if _leads_with(parameter, experts))
    return experts, sum(stacked)


def _leads_with(parameter: torch.Tensor, experts: int) -> bool:
    return parameter.ndim > 1 and parameter.shape[0] == experts


def _experts_per_token(module: torch.nn.Module, outer: torch.nn.Module, model: torch.nn.Module) -> int:
    """The number of experts per token, from attributes of the experts, their parent, its other children
    (such as a router), or a configuration; 0 if unknown."""
    siblings = [child for child in outer._modules.values() if child is not None]
    holders: list[Any] = [module, outer, *siblings]
    configs = [getattr(holder, "config", None) for holder in (module, outer, model)]
    for holder in (*holders, *configs):
        for name in EXPERTS_PER_TOKEN:
            number = getattr(holder, name, None)
            if type(number) is int:
                return number
    return 0


def embedding_params(tree: ModuleTree) -> int:
    """The parameters of embeddings that are only looked up, so not tied to an output layer."""
    tables = (torch.nn.Embedding, torch.nn.EmbeddingBag)
    tied = {
        names[0]
        for names in tied_parameters(tree)
        if not all(isinstance(tree.submodules[name.rpartition(".")[0]], tables) for name in names)
    }
    found = (
        (f"{path}.weight" if path else "weight", module.weight)
        for path, module in tree.submodules.items()
        if isinstance(module, tables)
    )
    return sum(weight.numel() for name, weight in found if name in tree.parameters and name not in tied)
