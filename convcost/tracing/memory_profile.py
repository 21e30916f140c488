"""The memory that a module holds: measured over forward and backward, on shapes where possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
from convcost.tracing.fused_kernels import fused_kernels
from convcost.tracing.isolation.isolated_call import isolated_copy, run_interruptibly
from convcost.tracing.isolation.tensor_copies import (
    DataCopies,
    RunMode,
    ShapeCopies,
    TensorCopy,
    meta_copy,
    meta_tensor,
)
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree
from convcost.tracing.tensors import flat_tensors, storage_id, tensors, torch_dtype
from convcost.tracing.user_error import error_text

LONGEST_REASON = 120


class SizeArithmetic(NamedTuple):
    """How torch's sizes are taken, and which of several is the largest."""

    size: Callable[[Any], Size] = int
    largest: Callable[[Sequence[Size]], Size] = max


CONCRETE = SizeArithmetic()


MeasuredCall = tuple[ModuleCall, SizeArithmetic]


class LiveStorageTracker:
    """The memory that operators made, in the order in which it was made and left again, in bytes."""

    def __init__(self, before: Iterable[torch.Tensor], arithmetic: SizeArithmetic) -> None:
        self.arithmetic = arithmetic
        self._held = [*before]
        """The numbers of their memory stay theirs, though the model may replace them."""
        self._before = {storage_id(tensor) for tensor in self._held}
        self._serials: dict[int, int] = {}
        self._sizes: list[Size] = []
        self._events: list[tuple[int, Size]] = []

    def note_output(self, output: Any) -> None:
        """What an operator returned."""
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
        """The bytes of all that is in use, by torch's number for the memory."""
        return {number: self._sizes[serial] for number, serial in self._serials.items()}

    def peak(self, without: Iterable[torch.Tensor] = ()) -> Size:
        """The most that was in use at once, but for the memory of some tensors."""
        left_out = {self._serials.get(storage_id(tensor)) for tensor in without}
        changes = (change for serial, change in self._events if serial not in left_out)
        return self.arithmetic.largest([*accumulate(changes, initial=0)])


class StorageMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Shows a tracker what operators return."""

    def __init__(self, tracker: LiveStorageTracker) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._tracker = tracker

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        self._tracker.note_output(output)
        return output


@contextmanager
def copied_call(call: ModuleCall, run_mode: RunMode, dtype: str) -> Iterator[MeasuredCall]:
    """A copy of the call with all numbers in `dtype`, or in their own if that is empty."""
    data, shapes = DataCopies(), ShapeCopies(has_gradients=True)
    copies: tuple[TensorCopy, ...] = (data, data) if run_mode == "data" else (meta_copy, shapes.of_input)
    fusing = nullcontext() if run_mode == "data" else fused_kernels()
    of_parameter, of_input = (converting(copy, dtype) for copy in copies)
    with isolated_copy(call, of_parameter, of_input) as copied, fusing:
        yield copied, CONCRETE


def converting(copy: TensorCopy, dtype: str) -> TensorCopy:
    """Copies as `copy` does, floats in `dtype` if there is one."""

    def converted(tensor: torch.Tensor) -> torch.Tensor:
        copied = copy(tensor)
        return copied.to(torch_dtype(dtype)) if dtype and copied.is_floating_point() else copied

    return converted


def stored_footprint(call: ModuleCall, dtype: str) -> MemoryUse:
    """What is there in `dtype` before anything runs."""
    tree = module_tree(call.model)
    parameters = [each for each in tree.parameters.values() if not is_lazy(each)]
    buffers = (each for each in tree.buffers.values() if not is_lazy(each))
    trainable: Counter[int] = Counter()
    for each in parameters:
        trainable[_itemsize(each, dtype)] += each.numel() if each.requires_grad else 0
    inputs = _bytes(tensors(call[1:]), dtype)
    return MemoryUse(dtype, _bytes(parameters, dtype), _bytes(buffers, dtype), inputs, dict(trainable))


def _bytes(held: Iterable[torch.Tensor], dtype: str) -> int:
    return sum(each.numel() * _itemsize(each, dtype) for each in held)


def _itemsize(tensor: torch.Tensor, dtype: str) -> int:
    return ITEMSIZES[dtype] if dtype and tensor.is_floating_point() else tensor.element_size()


def run_backward_from_loss(output: Any) -> None:
    """Backward from every output that has a gradient, which is made as it begins, and held by nobody."""
    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    if ends:
        loss: Any = LossWithoutMemory.apply(*ends)  # type: ignore[no-untyped-call]
        loss.backward(meta_tensor((), loss.dtype))


class LossWithoutMemory(torch.autograd.Function):
    """A number whose gradients by the outputs are made as backward begins."""

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
    """The memory that a call of a module holds, all of it in `dtype` if that is given.

    Where the module does not run, it is said why. It is run in training and in evaluation. On tensors without
    data it keeps what it would on a CUDA device; on data, where the first mode fails, as the CPU does.
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
    """A short text on why nothing is known."""
    first = (error_text(failure) if failure else "").strip().partition("\n")[0][:LONGEST_REASON]
    return f"{type(failure).__name__}: {first}" if failure else "it needs more memory than is allowed"


def measured_footprint(prepared: Callable[[], AbstractContextManager[MeasuredCall]], dtype: str) -> MemoryUse:
    """What a call holds that is `prepared` twice: to run in evaluation, and in training."""
    with prepared() as (call, arithmetic):
        forward = run_interruptibly(evaluation_peak, call, arithmetic)
    with prepared() as (call, arithmetic):
        kept, training = run_interruptibly(training_peak, call, arithmetic)
        found = stored_footprint(call, dtype)
        inputs = arithmetic.size(found.inputs)
    return found._replace(inputs=inputs, kept=kept, forward=forward, training=training)


def evaluation_peak(call: ModuleCall, arithmetic: SizeArithmetic) -> Size:
    """The most that is in use beside parameters, buffers and inputs, in evaluation."""
    model, args, kwargs = call
    model.eval()
    tracker = LiveStorageTracker([*module_tree(model).tensors, *tensors((args, kwargs))], arithmetic)
    with torch.no_grad(), StorageMode(tracker):
        model(*args, **kwargs)
    return tracker.peak()


def training_peak(call: ModuleCall, arithmetic: SizeArithmetic) -> tuple[Size, Size]:
    """What is kept for backward, and the most in use beside what is stored and the parameters' gradients."""
    model, args, kwargs = call
    if not model.training:
        model.train()
    inputs = list(tensors((args, kwargs)))
    tracker, saved = LiveStorageTracker([*module_tree(model).tensors, *inputs], arithmetic), set[int]()
    with torch.enable_grad(), StorageMode(tracker), _recorded_saves(saved):
        output = model(*args, **kwargs)
        kept = _kept_for_backward(tracker, saved, inputs, output)
        run_backward_from_loss(output)
    gradients = (parameter.grad for parameter in module_tree(model).parameters.values())
    return kept, tracker.peak(gradient for gradient in gradients if gradient is not None)


@contextmanager
def _recorded_saves(saved: set[int]) -> Iterator[None]:
    """The numbers of the memory that autograd saves tensors in."""

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.add(storage_id(tensor))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


def _kept_for_backward(
    tracker: LiveStorageTracker, saved: set[int], inputs: list[torch.Tensor], output: Any
) -> Size:
    """All that the forward left behind, but for an output that nothing was saved in; and saved inputs."""
    ends = {storage_id(tensor) for tensor in tensors(output)} - saved
    left = sum(size for number, size in tracker.live_bytes().items() if number not in ends)
    given = {storage_id(tensor): tensor.untyped_storage() for tensor in inputs}
    return left + sum(
        tracker.arithmetic.size(given[number].nbytes()) for number in sorted(saved & given.keys())
    )
