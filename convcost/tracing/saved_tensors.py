"""A module and its inputs in a dtype, to be run with gradients and without, and what they store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from convcost.core.dtypes import ITEMSIZES
from convcost.core.trace import Held
from convcost.tracing.empty_tensors import of_strides
from convcost.tracing.fused import fused
from convcost.tracing.isolation import Call, isolated
from convcost.tracing.model_parts import Anatomy
from convcost.tracing.tensor_copies import DataCopies, ShapeCopies, TensorCopy, Way
from convcost.tracing.tensors import tensors, torch_dtype

if TYPE_CHECKING:
    import torch


@contextmanager
def prepared(call: Call, way: Way, dtype: str) -> Iterator[Call]:
    """A copy of the call with all numbers in `dtype`, or in their own if that is empty."""
    data, shapes = DataCopies(), ShapeCopies(has_gradients=True)
    copies: tuple[TensorCopy, ...] = (data, data) if way == "data" else (of_strides, shapes.of_input)
    fusing = nullcontext() if way == "data" else fused()
    of_parameter, of_input = (in_dtype(copy, dtype) for copy in copies)
    with isolated(call, of_parameter, of_input) as copied, fusing:
        yield copied


def in_dtype(copy: TensorCopy, dtype: str) -> TensorCopy:
    """Copies as `copy` does, floats in `dtype` if there is one."""

    def converted(tensor: torch.Tensor) -> torch.Tensor:
        copied = copy(tensor)
        return copied.to(torch_dtype(dtype)) if dtype and copied.is_floating_point() else copied

    return converted


def stored(parts: Anatomy, call: Any, dtype: str) -> Held:
    """What is there in `dtype` before anything runs."""
    from torch.nn.parameter import is_lazy

    parameters = [each for each in parts.parameters.values() if not is_lazy(each)]
    buffers = (each for each in parts.buffers.values() if not is_lazy(each))
    trainable: Counter[int] = Counter()
    for each in parameters:
        trainable[_itemsize(each, dtype)] += each.numel() if each.requires_grad else 0
    inputs = _bytes(tensors(call), dtype)
    return Held(dtype, _bytes(parameters, dtype), _bytes(buffers, dtype), inputs, dict(trainable))


def _bytes(held: Iterable[torch.Tensor], dtype: str) -> int:
    return sum(each.numel() * _itemsize(each, dtype) for each in held)


def _itemsize(tensor: torch.Tensor, dtype: str) -> int:
    return ITEMSIZES[dtype] if dtype and tensor.is_floating_point() else tensor.element_size()
