"""Which parameters of a mixture of experts a token uses, and which are tables that it reads a row of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch

from convcost.core.generation import ExpertRouting
from convcost.tracing.module_tree import ModuleTree, tied_parameters

EXPERTS = "experts"
"""What the submodule is called that holds the experts, in transformers, Megatron and most code of users."""

EXPERTS_PER_TOKEN = (
    *("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "num_selected_experts"),
    *("top_k", "topk", "moe_top_k", "moe_topk", "moe_k", "top_k_experts", "router_top_k"),
)
"""What the number of experts that a token is routed to is called, as an attribute or in a config."""


def expert_routings(tree: ModuleTree) -> tuple[ExpertRouting, ...]:
    """The experts in a model of which each token uses some; nothing where it is not known how many."""
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
    """How many experts there are, and the parameters of all: stacked in tensors, or in numbered modules."""
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
    """As the experts say it, or what they are in, the router beside them, or a config; 0 if none does."""
    beside = [child for child in outer._modules.values() if child is not None]
    holders: list[Any] = [module, outer, *beside]
    configs = [getattr(holder, "config", None) for holder in (module, outer, model)]
    for holder in (*holders, *configs):
        for name in EXPERTS_PER_TOKEN:
            number = getattr(holder, name, None)
            if type(number) is int:
                return number
    return 0


def embedding_params(tree: ModuleTree) -> int:
    """The parameters of tables that are only looked up: not of one that is tied to an output layer."""
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
