"""A model as it is called, its copy, and the device it is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.tracing.module_tree import module_tree, named_modules
from convcost.tracing.tensors import tensors

if TYPE_CHECKING:
    import torch


class Subject(NamedTuple):
    """A model as it is called: `module(*args, **kwargs)`."""

    module: torch.nn.Module
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def copied(subject: Subject) -> Subject:
    """A copy of a model and its inputs; what they share, the copies share."""
    return deepcopy(subject)


def placed(subject: Subject, device: str) -> Subject:
    """The same model on `device`; tensors that had no data are zeros there. Shared tensors stay shared."""
    if all(_is_on(tensor, device) for tensor in held(subject)):
        return subject
    _move(subject.module, device)
    return Subject(subject.module, *_moved((subject.args, subject.kwargs), device))


def held(subject: Subject) -> list[Any]:
    """Every tensor of the model and its inputs."""
    inputs = tensors((subject.args, subject.kwargs))
    parts = module_tree(subject.module)
    return [*parts.parameters.values(), *parts.buffers.values(), *inputs]


def _is_on(tensor: torch.Tensor, device: str) -> bool:
    return tensor.device.type == device


def _on(tensor: torch.Tensor, device: str) -> torch.Tensor:
    import torch

    if tensor.is_meta and device != "meta":
        return torch.zeros_like(tensor, device=device)
    return tensor.detach().to(device)


def _move(module: torch.nn.Module, device: str) -> None:
    import torch

    known: dict[int, torch.Tensor] = {}
    for submodule in named_modules(module).values():
        tables: tuple[dict[str, Any], ...] = (submodule._parameters, submodule._buffers)
        for registered in tables:
            for name, tensor in registered.items():
                if tensor is not None and not _is_on(tensor, device):
                    moved = _on(tensor, device)
                    if isinstance(tensor, torch.nn.Parameter):
                        moved = torch.nn.Parameter(moved, tensor.requires_grad)
                    registered[name] = known.setdefault(id(tensor), moved)


def _moved(values: Any, device: str) -> Any:
    import torch
    from torch.utils._pytree import tree_map

    change: Callable[[Any], Any] = lambda value: (  # noqa: E731
        _on(value, device) if isinstance(value, torch.Tensor) else value
    )
    return tree_map(change, values)
