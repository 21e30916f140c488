"""Tensors without data in place of those with data: what runs on them yields shapes and computes nothing."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.tracing.constants import SMALL, SMALL_INTEGERS, is_small
from convcost.tracing.empty_tensors import like, of_strides
from convcost.tracing.nested_tensors import refuse_nested
from convcost.tracing.operator_formulas import dispatched, is_view
from convcost.tracing.storage_ownership import Made, Runner, flat_tensors, number_of, written

if TYPE_CHECKING:
    import torch


MOST_COMPUTED = 2**24
"""How many elements of larger constants of numbers a run computes: some milliseconds' worth."""


INDEXING = frozenset(("aten::index", "aten::index_put", "aten::index_put_"))
"""Operators whose second argument may have masks in it."""


class Shapes(Runner):
    """Runs operators on the meta device; constants made on the way keep their data while they are small."""

    has_data = False

    def __init__(self) -> None:
        super().__init__()
        self._made = Made()
        self._stale: dict[int, torch.Tensor] = {}
        self._left = MOST_COMPUTED

    def run(
        self, overload: Any, writes: tuple[int, ...], args: Any, kwargs: Any, keeps_shape: bool = False
    ) -> Any:
        """What `overload` returns, on the data of small constants if no argument lacks its data.

        If it `keeps_shape`, its result is as the widest of its arguments. What the run did not make is
        never written to.
        """
        tensors = list(flat_tensors((*args, *kwargs.values())))
        if not tensors:
            output = self._constant(overload, args, kwargs)
            self._made.add(output)
            return output
        refuse_nested(tensors)
        with_data = [tensor for tensor in tensors if not tensor.is_meta]
        if not with_data:
            widest = _alike(tensors) if keeps_shape else None
            return overload(*args, **_on_meta(kwargs)) if widest is None else like(widest)
        targets = written(overload, writes, args, kwargs) if writes else []
        is_computed = len(with_data) == len(tensors) and self._may_compute(with_data, targets)
        if is_computed and (targets or self._stays_small(overload, tensors, args, kwargs)):
            output = overload(*args, **kwargs)
            self._made.add(output, tensors)
            return output
        if any(map(_is_sparse, with_data)) and not _is_product(overload):
            raise NotImplementedError(f"{overload} on a sparse tensor needs its data")
        self._stale.update((number_of(target), target) for target in targets)
        if overload._schema.name in INDEXING:
            args = (args[0], _places(args[1]), *args[2:])
        return overload(*_without_data(args), **_on_meta(_without_data(kwargs)))

    def _constant(self, overload: Any, args: Any, kwargs: Any) -> Any:
        """A new tensor: with data if it is small and on the CPU."""
        if "device" not in kwargs:
            return overload(*args, **kwargs)
        device = kwargs["device"]
        shape_only = overload(*args, **{**kwargs, "device": "meta", "pin_memory": False})
        if (device is not None and device.type != "cpu") or not self._keeps(shape_only):
            return shape_only
        return overload(*args, **kwargs)

    def _may_compute(self, tensors: list[torch.Tensor], targets: list[torch.Tensor]) -> bool:
        if not self._made.has(targets):
            return False
        if any(number_of(tensor) in self._stale for tensor in tensors):
            return False
        return all(
            tensor.device.type == "cpu" and (_is_sparse(tensor) or self._keeps(tensor)) for tensor in tensors
        )

    def _keeps(self, tensor: torch.Tensor) -> bool:
        """Whether it is worth its data: numbers are, for so much work, as masks become numbers."""
        if is_small(tensor):
            return True
        if tensor.numel() > SMALL_INTEGERS:
            return False
        self._left -= tensor.numel()
        return self._left >= 0

    def _stays_small(
        self, overload: Any, tensors: list[torch.Tensor], args: Any, kwargs: dict[str, Any]
    ) -> bool:
        """Whether what comes of small tensors is small, too: a mask of two lists of positions may not be."""
        if prod(tensor.numel() for tensor in tensors) <= SMALL and not _takes_size(overload):
            return True
        try:
            output = overload(*_without_data(args), **_on_meta(_without_data(kwargs)))
        except Exception:  # the size depends on the data, and is no larger than that
            return True
        return all(map(self._keeps, flat_tensors((output,))))


@cache
def _takes_size(overload: Any) -> bool:
    """Whether arguments say how much memory its result takes."""
    has_sizes = any(str(argument.type) == "List[int]" for argument in overload._schema.arguments)
    return has_sizes and not is_view(overload)


def _places(indices: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """Indices, with the places of a mask in its stead: how many are true, only its data tells."""
    import torch

    found: list[torch.Tensor | None] = []
    for index in indices:
        is_mask = index is not None and index.dtype in {torch.bool, torch.uint8} and not index.is_meta
        found.extend(index.nonzero().unbind(1) if index is not None and is_mask else [index])
    return found


def _is_sparse(tensor: torch.Tensor) -> bool:
    import torch

    return tensor.layout is not torch.strided


def _is_product(overload: Any) -> bool:
    """Whether it multiplies a sparse tensor by one that may lack its data, which yields a usual one."""
    operator = dispatched(overload).operator
    return operator is not None and operator.sparse is not None


def _alike(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """The tensor that the others are broadcast to; None if none is, or their dtypes or strides differ."""
    widest = max(tensors, key=lambda tensor: tensor.ndim)
    shape, strides, dtype = widest.shape, widest.stride(), widest.dtype
    if not dtype.is_floating_point:
        return None
    for tensor in tensors:
        if tensor.dtype is not dtype:
            return None
        if tensor is widest or (tensor.shape == shape and tensor.stride() == strides):
            continue
        if tensor.shape == shape or not _broadcasts(tensor.shape, shape):
            return None
    return widest


def _broadcasts(shape: torch.Size, wider: torch.Size) -> bool:
    ending = wider[len(wider) - len(shape) :]
    return all(size in {1, other} for size, other in zip(shape, ending, strict=True))


def _on_meta(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {**kwargs, "device": "meta"} if kwargs.get("device") is not None else kwargs


def _without_data(value: Any) -> Any:
    if _is_tensor(value):
        return without_data(value)
    if isinstance(value, list | tuple):
        return type(value)(map(_without_data, value))
    if isinstance(value, dict):
        return {name: _without_data(part) for name, part in value.items()}
    return value


def without_data(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of the same shape, strides and dtype on the meta device."""
    return tensor if tensor.is_meta else of_strides(tensor)


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
