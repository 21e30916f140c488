"""Copies of a distributed module: as one rank runs it, and as the undistributed module.

The user's module is not changed. Copies share the memory of its tensors and don't write to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from convcost.core.cost import Shape
from convcost.tracing.distributed.data_parallel import call_inner_module
from convcost.tracing.distributed.fsdp import fsdp_class
from convcost.tracing.distributed.input_shards import plain_inputs
from convcost.tracing.isolation.copier import Copier
from convcost.tracing.isolation.tensor_copies import meta_tensor
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import named_modules, original_module
from convcost.tracing.tensors import is_dtensor

HOOK_TABLES = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")

FSDP = ("torch.distributed.fsdp", "torch.distributed._composable")
"""Modules of torch whose hooks gather and free parameters."""

PARALLELISM = (*FSDP, "torch.distributed.", "transformers.distributed", "transformers.integrations")
"""Modules whose hooks and replaced forwards distribute a module."""

Replacement = Callable[[Any], Any]
"""Makes the replacement of a tensor in a copy, or None to copy the tensor itself."""


def rank_copy(call: ModuleCall, parameters: Mapping[int, Any]) -> ModuleCall:
    """The call as one rank runs it. FSDP's `parameters`, by id of the tensor, are already gathered."""

    def replacement(tensor: Any) -> Any:
        return _gathered_parameter(parameters[id(tensor)]) if id(tensor) in parameters else None

    return _copy(call, replacement, FSDP)


def whole_copy(call: ModuleCall, input_shapes: Mapping[int, Shape]) -> ModuleCall:
    """The undistributed module: plain tensors without data, and no hooks of torch.distributed.

    `input_shapes` has the full shapes of inputs that are shards, by number of the input.
    """
    inputs = {id(tensor): input_shapes.get(number) for number, tensor in enumerate(plain_inputs(call))}

    def replacement(tensor: Any) -> Any:
        shape = tuple(tensor.shape) if is_dtensor(tensor) else inputs.get(id(tensor))
        return None if shape is None else _full_tensor(tensor, shape)

    return _copy(call, replacement, PARALLELISM)


def _gathered_parameter(parameter: Any) -> Any:
    """An FSDP parameter as it is while its module runs: gathered, a DTensor under tensor parallelism."""
    local = meta_tensor(parameter._orig_size, parameter.sharded_param.dtype)
    spec = getattr(parameter, "_unsharded_dtensor_spec", None) or getattr(parameter, "_tp_spec", None)
    if spec is not None:
        from torch.distributed.tensor import DTensor

        local = DTensor.from_local(
            local, spec.mesh, spec.placements, run_check=False, shape=spec.shape, stride=spec.stride
        )
    return torch.nn.Parameter(local, parameter.sharded_param.requires_grad)


def _full_tensor(tensor: Any, shape: Shape) -> Any:
    made = meta_tensor(shape, tensor.dtype)
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(made, tensor.requires_grad)
    return made.requires_grad_(tensor.requires_grad)


def _copy(call: ModuleCall, replacement: Replacement, hooks: tuple[str, ...]) -> ModuleCall:
    """A copy of the call with tensors replaced, and without the hooks of the modules in `hooks`."""
    copier = ShardCopier(replacement)
    model = copier.copy(original_module(call.model))
    copied = ModuleCall(model, copier.copy(call.args), copier.copy(dict(call.kwargs)))
    for submodule in named_modules(copied.model).values():
        _remove_hooks(submodule, hooks)
        call_inner_module(submodule)
        submodule.__class__ = _undistributed_class(type(submodule))
    return copied


class ShardCopier(Copier):
    """Copies a call, with some tensors replaced."""

    def __init__(self, replacement: Replacement) -> None:
        super().__init__(lambda tensor: tensor.detach())
        self._replacement = replacement

    def _tensor(self, tensor: Any) -> Any:
        replaced = self._replacement_for(tensor)
        return super()._tensor(tensor) if replaced is None else replaced

    def _special_tensor(self, tensor: Any) -> Any:
        replaced = self._replacement_for(tensor)
        return super()._special_tensor(tensor) if replaced is None else replaced

    def _replacement_for(self, tensor: Any) -> Any:
        made = self._replacement(tensor)
        return None if made is None else self._remember(tensor, made)


def _remove_hooks(module: Any, origins: tuple[str, ...]) -> None:
    for name in HOOK_TABLES:
        table = vars(module)[name]
        for key in [key for key, hook in table.items() if _origin(hook).startswith(origins)]:
            del table[key]
    if _origin(vars(module).get("forward")).startswith(origins):
        del vars(module)["forward"]


def _origin(hook: Any) -> str:
    """The module that defines a hook; for a method, the module of its object's class."""
    owner = getattr(hook, "__self__", None)
    return str(getattr(hook if owner is None else type(owner), "__module__", ""))


def _undistributed_class(kind: type) -> type:
    """The class that a module had before `fully_shard`."""
    return next(base for base in kind.__mro__ if not issubclass(base, fsdp_class()))
