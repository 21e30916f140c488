"""Run operators on data or on shapes, and restore the user's tensors and generators afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import prod
from typing import Any

import torch

from convcost.core.errors import ConvcostError
from convcost.core.units import binary
from convcost.tracing.isolation.tensor_copies import meta_result, without_data
from convcost.tracing.recording.known_operators import KnownOverload, is_view
from convcost.tracing.recording.nested_tensors import refuse_nested
from convcost.tracing.tensors import MAX_INTEGERS, MAX_NUMBERS, flat_tensors, is_small, storage_id

MAX_COMPUTED = 2**24
"""The most elements of larger constants that a run computes; this many take some milliseconds."""

INDEXING_OPERATORS = frozenset(("aten::index", "aten::index_put", "aten::index_put_"))
"""Operators whose second argument may contain masks."""


class OperatorRunner:
    """Runs operators as torch does, and restores the user's generators.

    `has_data` tells whether they compute on data.
    """

    has_data = True

    def __init__(self) -> None:
        self._states: dict[int, tuple[torch.Generator, torch.Tensor]] = {}

    def run(self, known: KnownOverload, args: Any, kwargs: Any) -> Any:
        """Run the operator."""
        return known.overload(*args, **kwargs)

    def preserve_generator(self, generator: torch.Generator) -> None:
        """Save the generator's state before its first use."""
        if id(generator) not in self._states:
            self._states[id(generator)] = generator, generator.get_state()

    def close(self) -> None:
        """Restore the user's generators."""
        for generator, state in self._states.values():
            generator.set_state(state)


class OwnStorages:
    """The storages that a run has allocated."""

    def __init__(self) -> None:
        self._numbers: set[int] = set()

    def add(self, output: Any, inputs: Iterable[torch.Tensor] = ()) -> None:
        """Add the storages of an operator's `output`, except those of its `inputs`."""
        made = {storage_id(tensor) for tensor in flat_tensors((output,))}
        self._numbers.update(made.difference(map(storage_id, inputs)))

    def has(self, tensors: Iterable[torch.Tensor]) -> bool:
        """Whether the run has allocated the storages of all of these tensors."""
        return all(storage_id(tensor) in self._numbers for tensor in tensors)


class DataRunner(OperatorRunner):
    """Runs operators on data. Writes to memory that the run did not allocate are undone at the end."""

    def __init__(self, memory: int) -> None:
        super().__init__()
        self._memory = memory
        self._made = OwnStorages()
        self._before: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def run(self, known: KnownOverload, args: Any, kwargs: Any) -> Any:
        """Run the operator, unless it allocates more than the memory limit."""
        overload = known.overload
        for tensor in known.mutated(args, kwargs):
            if not self._made.has((tensor,)):
                whole = _whole_storage(tensor)
                self._before.setdefault(storage_id(tensor), (whole, whole.clone()))
        if kwargs.get("device") is not None and not any(True for _ in flat_tensors(args)):
            self._check(overload, args, kwargs)
        output = overload(*args, **kwargs)
        self._made.add(output, flat_tensors((*args, *kwargs.values())))
        return output

    def _check(self, overload: Any, args: Any, kwargs: Any) -> None:
        """Raise ConvcostError before allocating a tensor larger than the memory limit."""
        shape_only = overload(*args, **{**kwargs, "device": "meta", "pin_memory": False})
        needed = sum(tensor.numel() * tensor.element_size() for tensor in flat_tensors((shape_only,)))
        if needed > self._memory:
            message = f"the model allocates a tensor of {binary(needed)} in a run on data"
            raise ConvcostError(
                message,
                hint="Run it on shapes alone, or on smaller inputs.",
                cli_hint=f"Raise the limit: --max-memory {-(-needed // 2**20)}MiB",
            )

    def close(self) -> None:
        """Restore the user's tensors and generators."""
        super().close()
        for memory, before in self._before.values():
            memory.copy_(before)


def _whole_storage(tensor: torch.Tensor) -> torch.Tensor:
    """The whole storage of `tensor` as a vector, without autograd."""
    if tensor.layout is not torch.strided:
        return tensor.detach()
    with torch._C._DisableTorchDispatch():
        return torch.empty(0, dtype=tensor.dtype, device=tensor.device).set_(tensor.untyped_storage())


class MetaRunner(OperatorRunner):
    """Runs operators on the meta device. Small constants that the run makes have data."""

    has_data = False

    def __init__(self) -> None:
        super().__init__()
        self._made = OwnStorages()
        self._stale: dict[int, torch.Tensor] = {}
        self._remaining = MAX_COMPUTED

    def run(self, known: KnownOverload, args: Any, kwargs: Any) -> Any:
        """Run the operator: on data if all arguments are small constants, else on shapes.

        Tensors that the run did not make are never written to.
        """
        overload = known.overload
        tensors = list(flat_tensors((*args, *kwargs.values())))
        if not tensors:
            output = self._constant(overload, args, kwargs)
            self._made.add(output)
            return output
        refuse_nested(tensors)
        with_data = [tensor for tensor in tensors if not tensor.is_meta]
        if not with_data:
            widest = _broadcast_target(tensors) if known.preserves_shape else None
            return overload(*args, **_on_meta(kwargs)) if widest is None else meta_result(widest)
        targets = known.mutated(args, kwargs)
        is_computed = len(with_data) == len(tensors) and self._may_compute(with_data, targets)
        if is_computed and (targets or self._result_is_small(overload, tensors, args, kwargs)):
            output = overload(*args, **kwargs)
            self._made.add(output, tensors)
            return output
        if any(map(_is_not_strided, with_data)) and not _takes_sparse(known):
            raise NotImplementedError(f"{overload} on a sparse tensor needs its data")
        self._stale.update((storage_id(target), target) for target in targets)
        if overload._schema.name in INDEXING_OPERATORS:
            args = (args[0], _mask_positions(args[1]), *args[2:])
        return overload(*_without_data(args), **_on_meta(_without_data(kwargs)))

    def _constant(self, overload: Any, args: Any, kwargs: Any) -> Any:
        """A new tensor, with data if it is small and on the CPU."""
        if "device" not in kwargs:
            return overload(*args, **kwargs)
        device = kwargs["device"]
        shape_only = overload(*args, **{**kwargs, "device": "meta", "pin_memory": False})
        if (device is not None and device.type != "cpu") or not self._keeps_data(shape_only):
            return shape_only
        return overload(*args, **kwargs)

    def _may_compute(self, tensors: list[torch.Tensor], targets: list[torch.Tensor]) -> bool:
        if not self._made.has(targets):
            return False
        if any(storage_id(tensor) in self._stale for tensor in tensors):
            return False
        return all(
            tensor.device.type == "cpu" and (_is_not_strided(tensor) or self._keeps_data(tensor))
            for tensor in tensors
        )

    def _keeps_data(self, tensor: torch.Tensor) -> bool:
        """Whether it keeps its data: if it is small, or within the budget of computed elements."""
        if is_small(tensor):
            return True
        if tensor.numel() > MAX_INTEGERS:
            return False
        self._remaining -= tensor.numel()
        return self._remaining >= 0

    def _result_is_small(
        self, overload: Any, tensors: list[torch.Tensor], args: Any, kwargs: dict[str, Any]
    ) -> bool:
        """Whether the result of small tensors is small too. An outer product, such as a mask, may not be."""
        if prod(tensor.numel() for tensor in tensors) <= MAX_NUMBERS and not _takes_size(overload):
            return True
        try:
            output = overload(*_without_data(args), **_on_meta(_without_data(kwargs)))
        except Exception:  # the size depends on the data, and is at most as large
            return True
        return all(map(self._keeps_data, flat_tensors((output,))))


@cache
def _takes_size(overload: Any) -> bool:
    """Whether the size of its result is an argument."""
    has_sizes = any(str(argument.type) == "List[int]" for argument in overload._schema.arguments)
    return has_sizes and not is_view(overload)


def _mask_positions(indices: list[torch.Tensor | None]) -> list[torch.Tensor | None]:
    """Replace masks by the indices of their true elements, whose number depends on data."""
    found: list[torch.Tensor | None] = []
    for index in indices:
        is_mask = index is not None and index.dtype in {torch.bool, torch.uint8} and not index.is_meta
        found.extend(index.nonzero().unbind(1) if index is not None and is_mask else [index])
    return found


def _is_not_strided(tensor: torch.Tensor) -> bool:
    return tensor.layout is not torch.strided


def _takes_sparse(known: KnownOverload) -> bool:
    """Whether it has a formula for a sparse tensor, which it multiplies by a dense one."""
    return known.operator is not None and known.operator.sparse is not None


def _broadcast_target(tensors: list[torch.Tensor]) -> torch.Tensor | None:
    """The tensor that all others are broadcast to; None without one, or if dtypes or strides differ."""
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


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)
