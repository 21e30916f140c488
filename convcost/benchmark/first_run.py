"""The first run of each thing that is timed: whether it works, what it computes, and the memory it takes."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import NamedTuple

from convcost.benchmark.prepared_call import compiled, mode, running
from convcost.benchmark.samples import Timed
from convcost.benchmark.settings import timer
from convcost.benchmark.timing import Run, What
from convcost.core.cost import Cost, Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.counters.model_call import ModelCall, all_tensors
from convcost.tracing.user_error import error_text, target_error

LONGEST = 160
"""Of a reason, in characters."""

ADVICE = "Set TORCH"
"""What lines of torch's errors begin with that are for its developers."""


class Started(NamedTuple):
    """What is timed, without samples yet, and what times it, unless it failed."""

    run: Run
    timed: Timed | None = None


def started(kind: Run, found: ModelCall, report: Report) -> Started:
    """After one call. Raises TargetError where the forward fails as it is: then there is nothing to time."""
    own = compiled(found) if kind.compiled else found
    call = running(kind.what, own)
    try:
        with mode(kind.what, own):
            peak = peak_of(call, found)
    except (Exception, SystemExit) as error:
        if kind.what == "forward" and not kind.compiled:
            raise target_error(f"{report.name} could not be run", error) from None
        return Started(kind._replace(failure=reason(error)))
    timed = _watchful(timer(call), kind.what, own, report.name)
    return Started(kind._replace(flops=_flops(kind.what, found, report), peak=peak), timed)


def _watchful(timed: Timed, what: What, found: ModelCall, name: str) -> Timed:
    """The same in the right mode; TargetError where it fails later on, though it worked at first."""

    def run(number: int) -> float:
        try:
            with mode(what, found):
                return timed(number)
        except (Exception, SystemExit) as error:
            raise target_error(f"{name} ran at first, and then could not be run", error) from None

    return run


def reason(error: BaseException) -> str:
    """What was raised, in one line: torch's own errors say what is wrong in the second."""
    lines = (line.strip() for line in error_text(error).splitlines())
    telling = [line for line in lines if line and not line.startswith(ADVICE)]
    text = shorten(" ".join(telling[:2]), LONGEST, placeholder="...")
    if isinstance(error, ConvcostError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _flops(what: What, found: ModelCall, report: Report) -> Size | None:
    if what == "forward":
        return report.flops
    trace = report.trace if report.trace and _has_gradients(report.trace) else _trace_back(found)
    costs = (operation.cost for operation in trace.operations) if trace else iter(())
    total = sum(costs, Cost()).flops(report.convention)
    return total or None


def _has_gradients(trace: Trace) -> bool:
    return any(operation.phase != "forward" for operation in trace.operations)


def _trace_back(found: ModelCall) -> Trace | None:
    """What a training step computes, where it can be counted."""
    from convcost.tracing.profile import Profiler

    try:
        return Profiler(backward=True).profile(found.module, *found.args, **found.kwargs).trace
    except Exception:  # whatever a user's forward raises on shapes
        return None


def peak_of(call: Callable[[], object], found: ModelCall) -> int | None:
    """Run `call` once: the most bytes that torch had for it, with what `found` holds; None on a CPU.

    What else is on the GPU is not in it. Gradients that the call makes are; an optimizer has no part.
    """
    import torch

    if not any(tensor.is_cuda for tensor in all_tensors(found)):
        call()
        return None
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before + _own_bytes(found)


def _own_bytes(found: ModelCall) -> int:
    """Of its tensors, each once."""
    storages = {
        storage.data_ptr(): storage.nbytes()
        for storage in (each.untyped_storage() for each in all_tensors(found))
    }
    return sum(storages.values())
