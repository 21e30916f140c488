"""Measure the memory of a module in forward and backward, on shapes if possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple
from weakref import finalize

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from convcost.core.cost import Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.trace import MemoryUse
from convcost.tracing.isolation.isolated_call import isolated_copy, run_interruptibly
from convcost.tracing.isolation.tensor_copies import (
    DataCopies,
    RunMode,
    ShapeCopies,
    TensorCopy,
    meta_copy,
    meta_tensor,
)
from convcost.tracing.memory_kernels import memory_kernels
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.tensors import flat_tensors, storage_id, tensors, torch_dtype
from convcost.tracing.user_error import error_text

LONGEST_REASON = 120


class SizeArithmetic(NamedTuple):
    """How sizes of torch become numbers or formulas, and how the largest of several is found."""

    size: Callable[[Any], Size] = int
    largest: Callable[[Sequence[Size]], Size] = max


CONCRETE = SizeArithmetic()


MeasuredCall = tuple[ModuleCall, SizeArithmetic]


class LiveStorageTracker:
    """Tracks storages that operators allocate and release, in order, with their bytes."""

    def __init__(self, before: Iterable[torch.Tensor], arithmetic: SizeArithmetic) -> None:
        self.arithmetic = arithmetic
        self._held = [*before]
        """Tensors that are kept alive, so that ids of their storages are not reused."""
        self._before = {storage_id(tensor) for tensor in self._held}
        self._serials: dict[int, int] = {}
        self._sizes: list[Size] = []
        self._events: list[tuple[int, Size]] = []

    def note_output(self, output: Any) -> None:
        """Track the new storages in an operator's output."""
        for tensor in flat_tensors((output,)):
            number = storage_id(tensor)
            if number in self._serials or number in self._before or tensor.layout is not torch.strided:
                continue
            storage = tensor.untyped_storage()
            serial = self._serials[number] = len(self._sizes)
            self._sizes.append(self.arithmetic.size(storage.nbytes()))
            self._events.append((serial, self._sizes[serial]))
            finalize(storage, self._note_release, number, serial).atexit = False

    def _note_release(self, number: int, serial: int) -> None:
        if self._serials.get(number) == serial:
            del self._serials[number]
            self._events.append((serial, -self._sizes[serial]))

    def live_bytes(self) -> dict[int, Size]:
        """The bytes of live storages, by storage id."""
        return {number: self._sizes[serial] for number, serial in self._serials.items()}

    def peak(self, without: Iterable[torch.Tensor] = ()) -> Size:
        """The peak of live bytes, without the storages of some tensors."""
        left_out = {self._serials.get(storage_id(tensor)) for tensor in without}
        changes = (change for serial, change in self._events if serial not in left_out)
        return self.arithmetic.largest([*accumulate(changes, initial=0)])


class StorageMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Passes the outputs of operators to a tracker."""

    def __init__(self, tracker: LiveStorageTracker) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tracker = tracker

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        self._tracker.note_output(output)
        return output


@contextmanager
def copied_call(call: ModuleCall, run_mode: RunMode, dtype: str) -> Iterator[MeasuredCall]:
    """A copy of the call with floating-point tensors in `dtype`; empty keeps their own dtypes."""
    data, shapes = DataCopies(), ShapeCopies(has_gradients=True)
    copies: tuple[TensorCopy, ...] = (data, data) if run_mode == "data" else (meta_copy, shapes.of_input)
    of_parameter, of_input = (converted_copies(copy, dtype) for copy in copies)
    with isolated_copy(call, of_parameter, of_input) as copied, memory_kernels(run_mode == "data"):
        yield copied, CONCRETE


def converted_copies(copy: TensorCopy, dtype: str) -> TensorCopy:
    """`copy`, with floating-point tensors converted to `dtype` unless that is empty."""

    def converted(tensor: torch.Tensor) -> torch.Tensor:
        copied = copy(tensor)
        return copied.to(torch_dtype(dtype)) if dtype and copied.is_floating_point() else copied

    return converted


def stored_footprint(call: ModuleCall, dtype: str) -> MemoryUse:
    """The memory of parameters, buffers and inputs in `dtype`, before anything runs."""
    tree = module_tree(call.model)
    parameters = [parameter for parameter in tree.parameters.values() if not is_lazy(parameter)]
    buffers = (buffer for buffer in tree.buffers.values() if not is_lazy(buffer))
    trainable: Counter[int] = Counter()
    for parameter in parameters:
        trainable[_itemsize(parameter, dtype)] += parameter.numel() if parameter.requires_grad else 0
    inputs = _bytes(tensors(call[1:]), dtype)
    return MemoryUse(dtype, _bytes(parameters, dtype), _bytes(buffers, dtype), inputs, dict(trainable))


def _bytes(held: Iterable[torch.Tensor], dtype: str) -> int:
    return sum(tensor.numel() * _itemsize(tensor, dtype) for tensor in held)


def _itemsize(tensor: torch.Tensor, dtype: str) -> int:
    return ITEMSIZES[dtype] if dtype and tensor.is_floating_point() else tensor.element_size()


def run_backward_from_loss(output: Any) -> None:
    """Run backward from all outputs that require grad; their gradients are made as it starts, not kept."""
    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    if ends:
        loss: Any = LossWithoutMemory.apply(*ends)  # type: ignore[no-untyped-call]
        loss.backward(meta_tensor((), loss.dtype))


class LossWithoutMemory(torch.autograd.Function):
    """A scalar whose gradients by the outputs are made as the backward starts."""

    @staticmethod
    def forward(ctx: Any, *ends: torch.Tensor) -> Any:
        ctx.ends = [(end.shape, end.dtype, end.device) for end in ends]
        return meta_tensor((), ends[0].dtype)

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        return tuple(torch.empty(shape, dtype=dtype, device=device) for shape, dtype, device in ctx.ends)


def memory_footprint(
    call: ModuleCall, run_modes: Iterable[RunMode] = ("gradients",), dtype: str = ""
) -> MemoryUse:
    """The memory of a call of a module, with floating-point tensors in `dtype` if that is given.

    The module runs in evaluation and in training. On tensors without data it saves what CUDA kernels save; on
    data, which is the fallback, what CPU kernels save. If it does not run, the result has the reason.
    """
    failure: Exception | None = None
    for run_mode in run_modes:
        try:
            found = measured_footprint(partial(copied_call, call, run_mode, dtype), dtype)
            return found._replace(ran="data" if run_mode == "data" else "shapes")
        except Exception as error:
            failure = failure or error
    return stored_footprint(call, dtype)._replace(reason=failure_reason(failure))


def failure_reason(failure: Exception | None) -> str:
    """A short reason why the memory is unknown."""
    first = (error_text(failure) if failure else "").strip().partition("\n")[0][:LONGEST_REASON]
    return f"{type(failure).__name__}: {first}" if failure else "it needs more memory than is allowed"


def measured_footprint(
    make_call: Callable[[], AbstractContextManager[MeasuredCall]], dtype: str
) -> MemoryUse:
    """The memory of a call, which is made twice: to run in evaluation, and in training."""
    with make_call() as (call, arithmetic):
        forward = run_interruptibly(evaluation_peak, call, arithmetic)
    with make_call() as (call, arithmetic):
        saved, training = run_interruptibly(training_peak, call, arithmetic)
        found = stored_footprint(call, dtype)
        inputs = arithmetic.size(found.inputs)
    return found._replace(inputs=inputs, kept=saved, forward=forward, training=training)


def evaluation_peak(call: ModuleCall, arithmetic: SizeArithmetic) -> Size:
    """The memory peak in evaluation, without parameters, buffers and inputs."""
    model, args, kwargs = call
    model.eval()
    tracker = LiveStorageTracker([*module_tree(model).tensors, *tensors((args, kwargs))], arithmetic)
    with torch.no_grad(), StorageMode(tracker):
        model(*args, **kwargs)
    return tracker.peak()


def training_peak(call: ModuleCall, arithmetic: SizeArithmetic) -> tuple[Size, Size]:
    """The bytes saved for the backward, and the memory peak without stored tensors and their gradients."""
    model, args, kwargs = call
    if not model.training:
        model.train()
    inputs = list(tensors((args, kwargs)))
    tracker, saved = LiveStorageTracker([*module_tree(model).tensors, *inputs], arithmetic), set[int]()
    with torch.enable_grad(), StorageMode(tracker), _record_saves(saved):
        output = model(*args, **kwargs)
        saved_bytes = _bytes_for_backward(tracker, saved, inputs, output)
        run_backward_from_loss(output)
    gradients = (parameter.grad for parameter in module_tree(model).parameters.values())
    return saved_bytes, tracker.peak(gradient for gradient in gradients if gradient is not None)


@contextmanager
def _record_saves(saved: set[int]) -> Iterator[None]:
    """Add the storage ids of tensors that autograd saves to `saved`."""

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.add(storage_id(tensor))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


def _bytes_for_backward(
    tracker: LiveStorageTracker, saved: set[int], inputs: list[torch.Tensor], output: Any
) -> Size:
    """The live bytes after the forward, without outputs that were not saved, plus saved inputs."""
    ends = {storage_id(tensor) for tensor in tensors(output)} - saved
    left = sum(size for number, size in tracker.live_bytes().items() if number not in ends)
    given = {storage_id(tensor): tensor.untyped_storage() for tensor in inputs}
    return left + sum(
        tracker.arithmetic.size(given[number].nbytes()) for number in sorted(saved & given.keys())
    )
