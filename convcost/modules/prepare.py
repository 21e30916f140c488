"""A module and its inputs as a run needs them: without data, as copies, or with data of its own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from convcost.modules.blank import of_strides
from convcost.modules.shapes import SMALL

if TYPE_CHECKING:
    import torch

Way = Literal["shapes", "copies", "data"]
"""Inputs without data; inputs and parameters without data; a copy of both with their data."""


def ready(module: torch.nn.Module) -> torch.nn.Module:
    """The module, out of what torch.compile wraps it in; a copy if its first run gives it parameters."""
    import torch
    from torch.nn.parameter import is_lazy

    module = getattr(module, "_orig_mod", module)
    lazy = [tensor for tensor in (*module.parameters(), *module.buffers()) if is_lazy(tensor)]
    if not lazy:
        return module
    with torch.inference_mode(False):
        return deepcopy(module, {id(tensor): _copied(tensor) for tensor in lazy})


def _copied(lazy: Any) -> Any:
    """What torch copies of parameters alone."""
    return type(lazy)(requires_grad=lazy.requires_grad, device=lazy.device, dtype=lazy.dtype)


@contextmanager
def eager() -> Iterator[None]:
    """What is compiled runs as it was written; torch need not warn that hooks see the wrapper, too."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    import torch

    with warnings.catch_warnings(), torch.compiler.set_stance("force_eager"):
        warnings.filterwarnings("ignore", message="Using `torch.compile")
        yield


@contextmanager
def autocast_for_shapes() -> Iterator[None]:
    """torch.autocast takes the meta device as the CPU: models ask for their input's, to switch it off."""
    import torch

    original = torch.autocast.__init__

    def of_known_device(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        original(self, "cpu" if device_type == "meta" else device_type, *args, **kwargs)

    torch.autocast.__init__ = of_known_device  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.autocast.__init__ = original  # type: ignore[method-assign]


def given(values: Any, way: Way) -> Any:
    """The inputs, their tensors replaced."""
    return _replaced(values, _with_own_data if way == "data" else _without_needless_data)


def _without_needless_data(tensor: torch.Tensor) -> torch.Tensor:
    """Small integers may say how long something is, and keep their data."""
    is_small = tensor.device.type == "cpu" and tensor.numel() <= SMALL
    is_needed = is_small and not tensor.is_floating_point()
    return tensor if is_needed else _without_strided_data(tensor)


def _without_strided_data(tensor: torch.Tensor) -> torch.Tensor:
    """Sparse tensors say by their data what they store, and keep it."""
    import torch

    return of_strides(tensor) if tensor.layout is torch.strided else tensor


def in_place_of(submodules: Iterable[torch.nn.Module], way: Way) -> None:
    """Put tensors in place of the submodules' own."""
    replace_in(submodules, _with_own_data if way == "data" else _without_strided_data)


def replace_in(submodules: Iterable[torch.nn.Module], change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Put `change` of each in place of the submodules' tensors: shared ones stay shared."""
    from torch.nn.parameter import is_lazy

    known: dict[int, Any] = {}
    for submodule in submodules:
        for held in (submodule._parameters, submodule._buffers):
            for name, tensor in held.items():
                if tensor is not None and not is_lazy(tensor):
                    held[name] = known.setdefault(id(tensor), _as(tensor, change))


def _as(tensor: Any, change: Callable[[Any], Any]) -> Any:
    import torch

    changed = change(tensor.detach())
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(changed, requires_grad=tensor.requires_grad)
    return changed


def _with_own_data(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().clone()


def _replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    import torch

    replaced = partial(_replaced, change=change)
    if isinstance(value, torch.Tensor):
        return change(value.detach()).requires_grad_(value.requires_grad)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(replaced, value))
    if isinstance(value, list | tuple):
        return type(value)(map(replaced, value))
    if type(value) is dict:
        return {name: replaced(part) for name, part in value.items()}
    return value
