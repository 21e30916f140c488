"""Torch's fake tensors with open sizes, as far as repeated calls go."""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from convcost.tracing.recording.repeated_calls import PLAIN_DTYPES, Key, Maker
from convcost.tracing.symbolic_shapes.index_ranges import IndexRanges


class FakeTensors:
    """Whose sizes are the same where torch's expressions of them are; a call's own have memory of their own."""

    has_views = False
    classes = frozenset((torch.Tensor, torch.nn.Parameter, FakeTensor))

    def __init__(self, indices: IndexRanges) -> None:
        self._indices = indices

    def key(self, tensor: Any) -> Key | None:
        """Its shape, strides and dtype, unless something is known of its values."""
        if tensor.__class__ is not FakeTensor or tensor.constant is not None or self._indices.has(tensor):
            return None
        dtype = tensor.dtype
        if dtype not in PLAIN_DTYPES or tensor.layout is not torch.strided:
            return None
        return tuple(map(expression_of, tensor.shape)), tuple(map(expression_of, tensor.stride())), dtype

    def maker(self, tensor: Any) -> Maker | None:
        """A fake tensor over the same expressions, which torch would take long to compute with again."""
        key = self.key(tensor)
        if key is None:
            return None
        mode, device = tensor.fake_mode, tensor.fake_device
        with torch._C._DisableTorchDispatch():
            inner = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
        make = lambda *_: FakeTensor(mode, inner, device)  # noqa: E731
        return make if self.key(make()) == key else None


def expression_of(size: int | torch.SymInt) -> Any:
    """The number, or the expression in torch's symbols, which can be looked up."""
    return size if isinstance(size, int) else size.node._expr
