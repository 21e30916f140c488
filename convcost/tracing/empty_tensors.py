"""Tensors of a shape and nothing else, made past the modes that are recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.core.cost import Shape

if TYPE_CHECKING:
    import torch


def of_shape(shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    """A contiguous tensor on the meta device."""
    import torch

    with torch._C._DisableTorchDispatch():
        return torch.empty(shape, dtype=dtype, device="meta")


def like(tensor: torch.Tensor) -> torch.Tensor:
    """As an elementwise function of `tensor` comes out: of its strides, unless these leave gaps."""
    import torch

    if not _is_dense(tensor):
        return torch.empty_like(tensor, device="meta")
    return of_strides(tensor)


def zeros_like(tensor: torch.Tensor) -> torch.Tensor:
    """As `like`, on the device of `tensor`, with data where that has some."""
    import torch

    if tensor.is_meta:
        return like(tensor)
    return torch.zeros_like(tensor)


def of_strides(tensor: torch.Tensor) -> torch.Tensor:
    """Of the shape, strides and dtype of `tensor`."""
    import torch

    if tensor.layout is not torch.strided:
        return of_shape(tuple(tensor.shape), tensor.dtype)
    with torch._C._DisableTorchDispatch():
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill a block of memory, in whatever order."""
    if tensor.is_contiguous():
        return True
    reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return 0 not in tensor.stride() and reach + 1 == tensor.numel()
