"""Tensors of the user's own classes: what these do is run, so that it is counted as anything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def is_of_user(kind: type) -> bool:
    """Whether torch does not know the class."""
    return kind.__module__.partition(".")[0] != "torch"


def has_own_dispatch(kind: type) -> bool:
    """Whether it is of the user's, and says what operators do."""
    import torch

    known = torch.Tensor.__torch_dispatch__
    return is_of_user(kind) and getattr(kind, "__torch_dispatch__", known) is not known


def has_own_tensor(args: Iterable[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether there is a tensor of such a class among the arguments of a call, or in a list among them."""
    plain = _plain()
    for value in (*args, *kwargs.values()) if kwargs else args:
        kind = value.__class__
        if kind in plain:
            continue
        if kind is list or kind is tuple:
            if has_own_tensor(value, {}):
                return True
        elif has_own_dispatch(kind):
            return True
    return False


@cache
def _plain() -> frozenset[type]:
    """Classes that most arguments have."""
    import torch

    return frozenset((torch.Tensor, torch.nn.Parameter, int, float, bool, str, type(None)))


def has_no_memory(tensor: torch.Tensor) -> bool:
    """Whether it is of a class of the user's that stands for tensors among its attributes."""
    if not has_own_dispatch(type(tensor)):
        return False
    try:
        tensor.untyped_storage().data_ptr()
    except RuntimeError:
        return True
    return False


def blank_wrapper(tensor: torch.Tensor) -> torch.Tensor:
    """Another one without memory, still without its attributes."""
    import torch

    return torch.Tensor._make_wrapper_subclass(
        type(tensor),
        tensor.shape,
        strides=tensor.stride(),
        dtype=tensor.dtype,
        device=tensor.device,
        requires_grad=tensor.requires_grad,
    )
