"""What a module holds in memory: run forward and backward, without data where it can be, and watched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from typing import Any, NamedTuple
from weakref import finalize

import torch
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from convcost.core.cost import Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.trace import MemoryUse, RanOn
from convcost.tracing.fused_kernels import fused_kernels
from convcost.tracing.isolation.isolated_call import interruptible, isolated
from convcost.tracing.isolation.tensor_copies import (
    DataCopies,
    RunMode,
    ShapeCopies,
    TensorCopy,
    meta_copy,
    meta_tensor,
)
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import ModuleTree, module_tree
from convcost.tracing.tensors import flat_tensors, storage_id, tensors, torch_dtype
from convcost.tracing.user_error import error_text


class SizeArithmetic(NamedTuple):
    """How torch's sizes are taken, and which of several is the largest."""

    size: Callable[[Any], Size] = int
    largest: Callable[[Sequence[Size]], Size] = max


CONCRETE = SizeArithmetic()


class LiveStorageTracker:
    """The memory that operators made, in the order in which it was made and left again, in bytes."""

    def __init__(self, before: Iterable[torch.Tensor] = (), measure: SizeArithmetic = CONCRETE) -> None:
        self.measure = measure
        self._before = {storage_id(tensor) for tensor in before}
        self._serials: dict[int, int] = {}
        self._sizes: list[Size] = []
        self._events: list[tuple[int, Size]] = []

    def see(self, output: Any) -> None:
        """What an operator returned."""
        for tensor in flat_tensors((output,)):
            number = storage_id(tensor)
            if number in self._serials or number in self._before or tensor.layout is not torch.strided:
                continue
            storage = tensor.untyped_storage()
            serial = self._serials[number] = len(self._sizes)
            self._sizes.append(self.measure.size(storage.nbytes()))
            self._events.append((serial, self._sizes[serial]))
            finalize(storage, self._gone, number, serial).atexit = False

    def _gone(self, number: int, serial: int) -> None:
        if self._serials.get(number) == serial:
            del self._serials[number]
            self._events.append((serial, -self._sizes[serial]))

    def now(self) -> dict[int, Size]:
        """The bytes of all that is in use, by torch's number for the memory."""
        return {number: self._sizes[serial] for number, serial in self._serials.items()}

    def peak(self, without: Iterable[torch.Tensor] = ()) -> Size:
        """The most that was in use at once, but for the memory of some tensors."""
        left_out = {self._serials.get(storage_id(tensor)) for tensor in without}
        changes = (change for serial, change in self._events if serial not in left_out)
        return self.measure.largest([*accumulate(changes, initial=0)])


def storage_mode(alive: LiveStorageTracker) -> Any:
    """A mode under which what operators return is seen."""

    class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            output = func(*args, **(kwargs or {}))
            alive.see(output)
            return output

    return Watching()  # type: ignore[no-untyped-call]


@contextmanager
def copied_call(call: ModuleCall, run_mode: RunMode, dtype: str) -> Iterator[ModuleCall]:
    """A copy of the call with all numbers in `dtype`, or in their own if that is empty."""
    data, shapes = DataCopies(), ShapeCopies(has_gradients=True)
    copies: tuple[TensorCopy, ...] = (data, data) if run_mode == "data" else (meta_copy, shapes.of_input)
    fusing = nullcontext() if run_mode == "data" else fused_kernels()
    of_parameter, of_input = (converting(copy, dtype) for copy in copies)
    with isolated(call, of_parameter, of_input) as copied, fusing:
        yield copied


def converting(copy: TensorCopy, dtype: str) -> TensorCopy:
    """Copies as `copy` does, floats in `dtype` if there is one."""

    def converted(tensor: torch.Tensor) -> torch.Tensor:
        copied = copy(tensor)
        return copied.to(torch_dtype(dtype)) if dtype and copied.is_floating_point() else copied

    return converted


def stored_footprint(tree: ModuleTree, call: Any, dtype: str) -> MemoryUse:
    """What is there in `dtype` before anything runs."""
    parameters = [each for each in tree.parameters.values() if not is_lazy(each)]
    buffers = (each for each in tree.buffers.values() if not is_lazy(each))
    trainable: Counter[int] = Counter()
    for each in parameters:
        trainable[_itemsize(each, dtype)] += each.numel() if each.requires_grad else 0
    inputs = _bytes(tensors(call), dtype)
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


LONGEST_REASON = 120


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
            return _footprint(call, run_mode, dtype)
        except Exception as error:
            failure = failure or error
    return stored_footprint(module_tree(call.model), (call.args, call.kwargs), dtype)._replace(
        reason=failure_reason(failure)
    )


def failure_reason(failure: Exception | None) -> str:
    """A short text on why nothing is known."""
    first = (error_text(failure) if failure else "").strip().partition("\n")[0][:LONGEST_REASON]
    return f"{type(failure).__name__}: {first}" if failure else "it needs more memory than is allowed"


def _footprint(call: ModuleCall, run_mode: RunMode, dtype: str) -> MemoryUse:
    with copied_call(call, run_mode, dtype) as copied:
        forward = interruptible(evaluation_peak, *copied)
    with copied_call(call, run_mode, dtype) as copied:
        kept, training = interruptible(training_peak, *copied)
        found = stored_footprint(module_tree(copied.model), (copied.args, copied.kwargs), dtype)
    ran: RanOn = "data" if run_mode == "data" else "shapes"
    return found._replace(kept=kept, forward=forward, training=training, ran=ran)


def evaluation_peak(
    model: torch.nn.Module, args: Any, kwargs: Any, measure: SizeArithmetic = CONCRETE
) -> Size:
    """The most that is in use beside parameters, buffers and inputs, in evaluation."""
    model.eval()
    alive = LiveStorageTracker([*module_tree(model).tensors, *tensors((args, kwargs))], measure)
    with torch.no_grad(), storage_mode(alive):
        model(*args, **kwargs)
    return alive.peak()


def training_peak(
    model: torch.nn.Module, args: Any, kwargs: Any, measure: SizeArithmetic = CONCRETE
) -> tuple[Size, Size]:
    """What is kept for backward, and the most in use beside what is stored and the parameters' gradients."""
    if not model.training:
        model.train()
    inputs = list(tensors((args, kwargs)))
    alive, saved = LiveStorageTracker([*module_tree(model).tensors, *inputs], measure), set[int]()
    with torch.enable_grad(), storage_mode(alive), _noted_saves(saved):
        output = model(*args, **kwargs)
        kept = _kept_for_backward(alive, saved, inputs, output)
        run_backward_from_loss(output)
    gradients = (parameter.grad for parameter in module_tree(model).parameters.values())
    return kept, alive.peak(gradient for gradient in gradients if gradient is not None)


@contextmanager
def _noted_saves(saved: set[int]) -> Iterator[None]:
    """The numbers of the memory that autograd saves tensors in."""

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.add(storage_id(tensor))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


def _kept_for_backward(
    alive: LiveStorageTracker, saved: set[int], inputs: list[torch.Tensor], output: Any
) -> Size:
    """All that the forward left behind, but for an output that nothing was saved in; and saved inputs."""
    ends = {storage_id(tensor) for tensor in tensors(output)} - saved
    left = sum(size for number, size in alive.now().items() if number not in ends)
    given = {storage_id(tensor): tensor.untyped_storage() for tensor in inputs}
    return left + sum(alive.measure.size(given[number].nbytes()) for number in sorted(saved & given.keys()))
