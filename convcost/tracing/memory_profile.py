"""What a module holds in memory: run forward and backward, without data where it can be, and watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.trace import Held, Ran
from convcost.tracing.interrupts import interruptible
from convcost.tracing.isolation import Call
from convcost.tracing.live_storage import NUMBERS, LiveStorageTracker, Measure, watching
from convcost.tracing.loss import go_back_from_loss
from convcost.tracing.model_parts import anatomy
from convcost.tracing.saved_tensors import prepared, stored
from convcost.tracing.storage_ownership import number_of
from convcost.tracing.tensor_copies import Way
from convcost.tracing.tensors import tensors
from convcost.tracing.user_error import text_of

if TYPE_CHECKING:
    import torch

LONGEST_REASON = 120


def held(call: Call, ways: Iterable[Way] = ("gradients",), dtype: str = "") -> Held:
    """The memory that a call of a module holds, all of it in `dtype` if that is given.

    Where the module does not run, it is said why. It is run in training and in evaluation. On tensors without
    data it keeps what it would on a CUDA device; on data, where the first of `ways` fails, as the CPU does.
    """
    failure: Exception | None = None
    for way in ways:
        try:
            return _held(call, way, dtype)
        except Exception as error:
            failure = failure or error
    return stored(anatomy(call.model), (call.args, call.kwargs), dtype)._replace(reason=reason_of(failure))


def reason_of(failure: Exception | None) -> str:
    """A short text on why nothing is known."""
    first = (text_of(failure) if failure else "").strip().partition("\n")[0][:LONGEST_REASON]
    return f"{type(failure).__name__}: {first}" if failure else "it needs more memory than is allowed"


def _held(call: Call, way: Way, dtype: str) -> Held:
    with prepared(call, way, dtype) as copied:
        forward = interruptible(evaluated, *copied)
    with prepared(call, way, dtype) as copied:
        kept, training = interruptible(trained, *copied)
        found = stored(anatomy(copied.model), (copied.args, copied.kwargs), dtype)
    ran: Ran = "data" if way == "data" else "shapes"
    return found._replace(kept=kept, forward=forward, training=training, ran=ran)


def evaluated(model: torch.nn.Module, args: Any, kwargs: Any, measure: Measure = NUMBERS) -> Size:
    """The most that is in use beside parameters, buffers and inputs, in evaluation."""
    import torch

    model.eval()
    alive = LiveStorageTracker([*anatomy(model).tensors, *tensors((args, kwargs))], measure)
    with torch.no_grad(), watching(alive):
        model(*args, **kwargs)
    return alive.peak()


def trained(model: torch.nn.Module, args: Any, kwargs: Any, measure: Measure = NUMBERS) -> tuple[Size, Size]:
    """What is kept for backward, and the most in use beside what is stored and the parameters' gradients."""
    import torch

    if not model.training:
        model.train()
    inputs = list(tensors((args, kwargs)))
    alive, saved = LiveStorageTracker([*anatomy(model).tensors, *inputs], measure), set[int]()
    with torch.enable_grad(), watching(alive), _saving(saved):
        output = model(*args, **kwargs)
        kept = _kept(alive, saved, inputs, output)
        go_back_from_loss(output)
    gradients = (parameter.grad for parameter in anatomy(model).parameters.values())
    return kept, alive.peak(gradient for gradient in gradients if gradient is not None)


@contextmanager
def _saving(saved: set[int]) -> Iterator[None]:
    """The numbers of the memory that autograd saves tensors in."""
    import torch

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.add(number_of(tensor))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield


def _kept(alive: LiveStorageTracker, saved: set[int], inputs: list[torch.Tensor], output: Any) -> Size:
    """All that the forward left behind, but for an output that nothing was saved in; and saved inputs."""
    ends = {number_of(tensor) for tensor in tensors(output)} - saved
    left = sum(size for number, size in alive.now().items() if number not in ends)
    given = {number_of(tensor): tensor.untyped_storage() for tensor in inputs}
    return left + sum(alive.measure.size(given[number].nbytes()) for number in sorted(saved & given.keys()))
