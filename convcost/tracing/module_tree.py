"""The submodules, parameters and buffers of a model, without duplicates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    import torch


MAX_OCCURRENCES = 10**6
"""Limit on occurrences: with nested sharing their number grows exponentially."""

Held = TypeVar("Held")


class ModuleTree(NamedTuple):
    """Submodules by path, the model first, and tensors by name. Shared ones have their first name."""

    submodules: dict[str, torch.nn.Module]
    parameters: dict[str, torch.nn.Parameter]
    buffers: dict[str, torch.Tensor]

    @property
    def tensors(self) -> Iterator[torch.Tensor]:
        """Parameters and buffers, without those of lazy modules that have no shape yet."""
        from torch.nn.parameter import is_lazy

        held = (*self.parameters.values(), *self.buffers.values())
        return (tensor for tensor in held if not is_lazy(tensor))

    @property
    def constants(self) -> Iterator[torch.Tensor]:
        """The constant tensors in the code of TorchScript modules."""
        import torch

        for held in self.submodules.values():
            if isinstance(held, torch.jit.ScriptModule) and hasattr(held, "forward"):
                graph: Any = held.inlined_graph
                for node in graph.findAllNodes("prim::Constant"):
                    if node.hasAttribute("value") and node.kindOf("value") == "t":
                        yield node.t("value")


def module_tree(module: torch.nn.Module) -> ModuleTree:
    """The tree of `module`."""
    submodules = named_modules(module)
    parameters = {path: submodule._parameters for path, submodule in submodules.items()}
    buffers = {path: submodule._buffers for path, submodule in submodules.items()}
    return ModuleTree(submodules, _unique_tensors(parameters), _unique_tensors(buffers))


def named_modules(module: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Each submodule by its first path, the model first, in the order of torch's named_modules.

    Submodules are compared by identity, since a user's may be equal or unhashable, and no method is called.
    """
    found: dict[int, tuple[str, torch.nn.Module]] = {}
    waiting = [("", module)]
    while waiting:
        path, submodule = waiting.pop()
        if id(submodule) not in found:
            found[id(submodule)] = path, submodule
            children = [(name, child) for name, child in submodule._modules.items() if child is not None]
            waiting += [(f"{path}.{name}" if path else name, child) for name, child in reversed(children)]
    return dict(found.values())


def original_module(module: torch.nn.Module) -> torch.nn.Module:
    """The module inside a compiled one; another module itself."""
    own = vars(module).get("_modules")
    return own.get("_orig_mod", module) if isinstance(own, dict) else module


def _unique_tensors(held: Mapping[str, Mapping[str, Held | None]]) -> dict[str, Held]:
    """The tensors by full name; shared ones by their first name."""
    found: dict[int, tuple[str, Held]] = {}
    for path, named in held.items():
        for name, tensor in named.items():
            if tensor is not None and id(tensor) not in found:
                found[id(tensor)] = f"{path}.{name}" if path else name, tensor
    return dict(found.values())


def unused_parameters(tree: ModuleTree, used: Container[int]) -> tuple[str, ...]:
    """The names of parameters whose ids are not in `used`."""
    return tuple(name for name, parameter in tree.parameters.items() if id(parameter) not in used)


def tied_parameters(tree: ModuleTree) -> tuple[tuple[str, ...], ...]:
    """The names of each parameter that has several names."""
    names: dict[int, list[str]] = defaultdict(list)
    for path, submodule in tree.submodules.items():
        for name, parameter in submodule._parameters.items():
            if parameter is not None:
                names[id(parameter)].append(f"{path}.{name}" if path else name)
    return tuple(tuple(found) for found in names.values() if len(found) > 1)


def count_occurrences(module: torch.nn.Module) -> Mapping[str, int]:
    """How often each submodule occurs in a walk through children: one with two names occurs twice."""
    names = {id(submodule): path for path, submodule in named_modules(module).items()}
    counts: Counter[str] = Counter()
    waiting = [module]
    while waiting and counts.total() < MAX_OCCURRENCES:
        found = waiting.pop()
        counts[names[id(found)]] += 1
        waiting.extend(_children(found))
    return counts


def _children(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The children without duplicates, as in torch's children."""
    children = [child for child in module._modules.values() if child is not None]
    yield from {id(child): child for child in children}.values()
