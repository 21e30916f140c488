"""A module with its arguments: copied, or moved to a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from inspect import signature
from itertools import chain, repeat
from operator import is_
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_map_only

from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.module_tree import module_tree, named_modules
from convcost.tracing.tensors import is_integral, is_small, tensors


class ModuleCall(NamedTuple):
    """A module, and its positional and keyword arguments."""

    model: torch.nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}

    @property
    def named_arguments(self) -> dict[Any, Any]:
        """The arguments by forward's names for them."""
        try:
            return dict(signature(self.model.forward).bind(*self.args, **self.kwargs).arguments)
        except (TypeError, ValueError):
            return dict(enumerate(self.args)) | dict(self.kwargs)

    @property
    def tensors(self) -> list[Any]:
        """All parameters, buffers and input tensors, including lazy ones."""
        tree = module_tree(self.model)
        return [*tree.parameters.values(), *tree.buffers.values(), *tensors((self.args, self.kwargs))]

    def map(self, change: Callable[[str, Any], Any]) -> ModuleCall:
        """The call with each argument replaced by `change(name, value)`."""
        names = chain(map(str, self.named_arguments), repeat(""))
        kwargs = {name: change(name, value) for name, value in self.kwargs.items()}
        return ModuleCall(self.model, tuple(map(change, names, self.args)), kwargs)

    def with_tensors(self, device: str) -> ModuleCall:
        """The call with a tensor on `device` for each DeclaredTensor."""
        dtype = parameter_dtype(self.model)

        def tensor(name: str, argument: Any) -> Any:
            is_declared = type(argument) is DeclaredTensor
            return argument.tensor(dtype, device, fill_value(name)) if is_declared else argument

        return self.map(tensor)

    def with_integer_values(self) -> ModuleCall:
        """The call with values in small integer and boolean meta tensors."""

        def with_values(name: str, argument: Any) -> Any:
            is_plain = type(argument) is torch.Tensor and argument.is_meta
            if is_plain and is_integral(argument.dtype) and is_small(argument):
                return torch.full_like(argument, fill_value(name), device="cpu")
            return argument

        return self.map(with_values)

    def has_arguments_of(self, other: ModuleCall) -> bool:
        """Whether all arguments are the same objects as those of `other`."""
        values = ((*call.args, *call.kwargs.values()) for call in (self, other))
        return all(map(is_, *values))


def add_shape_notes(error: Exception, call: ModuleCall) -> None:
    """Add a note to the error of a run for inputs that look like shapes: (1, 3, 32, 32)."""
    for value in (*call.args, *call.kwargs.values()):
        is_shape = type(value) in (tuple, list) and value and all(type(size) is int for size in value)
        if is_shape:
            text = f"f32[{','.join(map(str, value))}]"
            error.add_note(f'An input is the {type(value).__name__} {value}. For a tensor: "{text}"')


def inputs_taken_as_zeros(copied: ModuleCall, call: ModuleCall, given: ModuleCall) -> list[torch.Tensor]:
    """The inputs of `copied`, a copy of `call`, that are zeros in place of inputs of `given` without data."""
    calls = ((*each.args, *each.kwargs.values()) for each in (copied, call, given))
    return [
        copy for copy, value, before in zip(*calls, strict=True) if value is not before and not value.any()
    ]


def parameter_dtype(module: torch.nn.Module) -> torch.dtype:
    """The dtype of the first floating-point parameter."""
    dtypes = (
        parameter.dtype
        for parameter in module_tree(module).parameters.values()
        if parameter.is_floating_point()
    )
    return next(dtypes, torch.get_default_dtype())


def fill_value(name: str) -> int:
    """The fill value for an input of that name: 1 for an attention mask, so that it masks nothing."""
    return int(name.endswith("attention_mask"))


def copy_call(call: ModuleCall) -> ModuleCall:
    """A copy of a model and its inputs; shared tensors stay shared."""
    return deepcopy(call)


def move_call(call: ModuleCall, device: str) -> ModuleCall:
    """Move the model to `device` in place; meta tensors become zeros.

    Shared tensors stay shared. The inputs are new.
    """
    if all(_is_on(tensor, device) for tensor in call.tensors):
        return call
    _move_module(call.model, device)
    inputs = tree_map_only(
        torch.Tensor, lambda tensor: _move_tensor(tensor, device), (call.args, call.kwargs)
    )
    return ModuleCall(call.model, *inputs)


def _is_on(tensor: torch.Tensor, device: str) -> bool:
    return tensor.device.type == device


def _move_tensor(tensor: torch.Tensor, device: str) -> torch.Tensor:
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
                    moved = _move_tensor(tensor, device)
                    if isinstance(tensor, torch.nn.Parameter):
                        moved = torch.nn.Parameter(moved, tensor.requires_grad)
                    registered[name] = known.setdefault(id(tensor), moved)
