"""Copies of tensors for a run: with data, or of the same shape without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch

from convcost.core.cost import Shape
from convcost.tracing.tensors import has_own_dispatch, max_elements_with_data

DEVICE_ATTRIBUTE = "_convcost_device"
"""An attribute of a tensor: the device that the model asked for, if the tensor is not really there."""

TensorCopy = Callable[["torch.Tensor"], "torch.Tensor"]
"""Makes the copy of a user's tensor: without gradient, on any device."""

RunMode = Literal["shapes", "gradients", "data"]
"""A run on shapes; on shapes with autograd; on data."""


def meta_tensor(shape: Shape, dtype: torch.dtype) -> torch.Tensor:
    """A contiguous tensor on the meta device."""
    with torch._C._DisableTorchDispatch():
        return torch.empty(shape, dtype=dtype, device="meta")


def meta_result(tensor: torch.Tensor) -> torch.Tensor:
    """A result like that of an elementwise function: with the strides of `tensor`, unless they leave gaps."""
    if not _is_dense(tensor):
        return torch.empty_like(tensor, device="meta")
    return meta_copy(tensor)


def zero_gradient(tensor: torch.Tensor) -> torch.Tensor:
    """A gradient by `tensor`: zeros, or without data if `tensor` has none."""
    if tensor.is_meta:
        return meta_result(tensor)
    return torch.zeros_like(tensor)


def meta_copy(tensor: torch.Tensor) -> torch.Tensor:
    """A meta tensor with the shape, strides and dtype of `tensor`."""
    if tensor.layout is not torch.strided:
        return meta_tensor(tuple(tensor.shape), tensor.dtype)
    with torch._C._DisableTorchDispatch():
        return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill a block of memory, in any order."""
    if tensor.is_contiguous():
        return True
    reach = sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return 0 not in tensor.stride() and reach + 1 == tensor.numel()


def tensor_copies(run_mode: RunMode) -> DataCopies | ShapeCopies:
    """The copies of tensors for a run: call it on a model's tensors, and its `of_input` on inputs."""
    return DataCopies() if run_mode == "data" else ShapeCopies(has_gradients=run_mode == "gradients")


class DataCopies:
    """Copies with data. Copies of tensors that share memory share it too."""

    def __init__(self) -> None:
        self._storages: dict[int, torch.UntypedStorage] = {}
        self.device: torch.device | None = None
        """The user's device: that of the first tensor that is not on the meta device."""

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of `tensor` without gradient."""
        self.device = self.device or device_of(tensor)
        return self._copy_data(tensor)

    of_input = __call__

    def _copy_data(self, tensor: torch.Tensor) -> torch.Tensor:
        if not _has_own_strides(tensor):
            return tensor.detach().clone()
        storage = tensor.untyped_storage()
        copied = self._storages.get(storage._cdata)
        if copied is None:
            copied = self._storages[storage._cdata] = storage.clone()  # type: ignore[no-untyped-call]
        made = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        made.set_(copied, tensor.storage_offset(), tensor.shape, tensor.stride())
        return made


class ShapeCopies(DataCopies):
    """Copies on the meta device. Small tensors keep their data, since control flow may depend on it.

    Parameters keep data only if they are smaller still, since there are many. With gradients, no tensor that
    requires grad keeps data, as its gradient has none. Inputs keep it if they are integers or booleans.
    """

    MAX_PARAMETER_ELEMENTS = 2**10

    def __init__(self, has_gradients: bool) -> None:
        super().__init__()
        self._has_gradients = has_gradients
        self._empty, self._parameter_class = torch.empty_strided, torch.nn.Parameter
        self._strided = torch.strided

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of `tensor` without gradient."""
        if tensor.is_meta and tensor.layout is self._strided:
            self.device = self.device or vars(tensor).get(DEVICE_ATTRIBUTE)
            return tensor.data
        self.device = self.device or device_of(tensor)
        if not _has_own_strides(tensor):
            return self._copy_data(tensor)
        if not self._keeps_data(tensor):
            return self._empty(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        return self._copy_data(tensor if tensor.device.type == "cpu" else tensor.detach().cpu())

    def of_input(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of an input."""
        self.device = self.device or device_of(tensor)
        is_number = tensor.is_floating_point() or tensor.is_complex()
        return meta_copy(tensor) if is_number and _has_own_strides(tensor) else self(tensor)

    def _keeps_data(self, tensor: torch.Tensor) -> bool:
        small = max_elements_with_data(tensor.dtype)
        most = self.MAX_PARAMETER_ELEMENTS if isinstance(tensor, self._parameter_class) else small
        if tensor.numel() > most or tensor.untyped_storage().nbytes() > small * tensor.element_size():
            return False
        return not (self._has_gradients and tensor.requires_grad)


def _has_own_strides(tensor: torch.Tensor) -> bool:
    """Whether it is a plain strided tensor: not sparse, nested or quantized."""
    return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_nested


def device_of(tensor: torch.Tensor) -> torch.device | None:
    """The device of `tensor` as the user sees it; None for a meta tensor without one."""
    return vars(tensor).get(DEVICE_ATTRIBUTE) or (None if tensor.is_meta else tensor.device)


def without_data(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape, strides and dtype on the meta device."""
    return tensor if tensor.is_meta else meta_copy(tensor)


def has_no_memory(tensor: torch.Tensor) -> bool:
    """Whether it is a wrapper subclass, without memory of its own."""
    if not has_own_dispatch(type(tensor)):
        return False
    try:
        tensor.untyped_storage().data_ptr()
    except RuntimeError:
        return True
    return False


def blank_wrapper(tensor: torch.Tensor) -> torch.Tensor:
    """A new wrapper like `tensor`, still without its attributes."""
    return torch.Tensor._make_wrapper_subclass(
        type(tensor),
        tensor.shape,
        strides=tensor.stride(),
        dtype=tensor.dtype,
        device=tensor.device,
        requires_grad=tensor.requires_grad,
    )
