"""Torch's fake tensors with open sizes: copies of a model's tensors, and results of repeated calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from convcost.tracing.recording.index_ranges import IndexRanges
from convcost.tracing.recording.repeated_calls import PLAIN_DTYPES, Key, Maker
from convcost.tracing.tensors import has_constant

_fake_tensor: Callable[..., torch.Tensor] = FakeTensor
"""Takes the mode, a meta tensor, the device to report, and a constant."""


def fake_copy(mode: FakeTensorMode, tensor: torch.Tensor, device: str = "cpu") -> torch.Tensor:
    """A fake tensor with the shape, strides and dtype of `tensor`, reported on `device`."""
    with torch._C._DisableTorchDispatch():
        shapes = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
    return _fake_tensor(mode, shapes, torch.device(device))


class FakeTensorKind:
    """Fake tensors. Two are equal if torch's expressions for their sizes are. They share no memory."""

    has_views = False
    classes = frozenset((torch.Tensor, torch.nn.Parameter, FakeTensor))

    def __init__(self, indices: IndexRanges) -> None:
        self._indices = indices

    def key(self, tensor: Any) -> Key | None:
        """Its shape, strides and dtype; None if anything is known about its values."""
        if tensor.__class__ is not FakeTensor or has_constant(tensor) or self._indices.has(tensor):
            return None
        dtype = tensor.dtype
        if dtype not in PLAIN_DTYPES or tensor.layout is not torch.strided:
            return None
        shape, strides = map(expression_of, tensor.shape), map(expression_of, tensor.stride())
        return tuple(shape), tuple(strides), dtype, tensor.requires_grad

    def maker(self, tensor: Any) -> Maker | None:
        """Makes a fake tensor with the same expressions, which are slow to compute again."""
        key = self.key(tensor)
        if key is None or tensor.requires_grad:
            return None
        mode, device, empty = tensor.fake_mode, tensor.fake_device, tensor.constant
        with torch._C._DisableTorchDispatch():
            inner = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
        make: Maker = lambda *_: _fake_tensor(mode, inner, device, empty)  # noqa: E731
        return make if self.key(make((), {})) == key else None


def expression_of(size: int | torch.SymInt) -> Any:
    """The number, or torch's expression, which is hashable."""
    return size if isinstance(size, int) else size.node._expr
