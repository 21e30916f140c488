"""A module and its inputs in a dtype, to be run with gradients and without, and what they store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from convcost.dtypes import ITEMSIZES
from convcost.modules.anatomy import Anatomy
from convcost.modules.fused import fused
from convcost.modules.guard import unchanged
from convcost.modules.prepare import Way, autocast_for_shapes, eager, given, in_place_of, replace_in
from convcost.modules.tensors import tensors, torch_dtype
from convcost.operation import Held

if TYPE_CHECKING:
    import torch


@contextmanager
def prepared(parts: Anatomy, call: Any, way: Way, dtype: str) -> Iterator[Any]:
    """The module made ready in `dtype`, or in its own if that is empty; and what it is called with."""
    import torch

    with ExitStack() as stack:
        stack.enter_context(unchanged(parts))
        stack.enter_context(eager())
        stack.enter_context(autocast_for_shapes())
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(nullcontext() if way == "data" else fused())
        in_place_of(parts.submodules.values(), way)
        if not dtype:
            yield given(call, way)
            return
        change = converter(dtype)
        replace_in(parts.submodules.values(), change)
        yield torch.utils._pytree.tree_map_only(torch.Tensor, change, given(call, way))


def converter(dtype: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """What makes a tensor of floats one of `dtype`."""
    return partial(_converted, torch_dtype(dtype))


def _converted(dtype: torch.dtype, tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_floating_point():
        return tensor
    return tensor.detach().to(dtype).requires_grad_(tensor.requires_grad)


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
