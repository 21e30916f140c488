"""The first run of each timed call: checks that it works, and measures its memory."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import NamedTuple

from convcost.benchmark.prepared_call import compile_call, run_mode, runnable
from convcost.benchmark.samples import TimerFunction
from convcost.benchmark.settings import torch_timer
from convcost.benchmark.timing import RunKind, TimedRun
from convcost.core.cost import Cost, Size
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.profile import Profiler
from convcost.tracing.user_error import error_text, target_error

MAX_REASON = 160
"""The maximum length of a failure's reason."""

DEVELOPER_HINT = "Set TORCH"
"""The start of lines in torch's errors that are for its developers."""


class FirstRun(NamedTuple):
    """A run without samples yet, and its timer, unless it failed."""

    run: TimedRun
    timer: TimerFunction | None = None


def run_first(run: TimedRun, call: ModuleCall, report: Report) -> FirstRun:
    """Run the call once. Raises TargetError if the plain forward pass fails, so that nothing can be timed."""
    own = compile_call(call) if run.compiled else call
    function = runnable(run.what, own)
    try:
        with run_mode(run.what, own):
            peak = peak_memory(function, call)
    except (Exception, SystemExit) as error:
        if run.what == "forward" and not run.compiled:
            raise target_error(f"{report.name} could not be run", error) from None
        return FirstRun(run._replace(failure=failure_reason(error)))
    timer = _timer(torch_timer(function), run.what, own, report.name)
    return FirstRun(run._replace(flops=_flops(run.what, call, report), peak=peak), timer)


def _timer(timer: TimerFunction, kind: RunKind, call: ModuleCall, name: str) -> TimerFunction:
    """`timer` in the mode of the run. Raises TargetError if a later run fails."""

    def run(number: int) -> float:
        try:
            with run_mode(kind, call):
                return timer(number)
        except (Exception, SystemExit) as error:
            raise target_error(f"{name} ran once, but failed in a later run", error) from None

    return run


def failure_reason(error: BaseException) -> str:
    """An exception in one line, including the second line, which has the cause in torch's errors."""
    lines = (line.strip() for line in error_text(error).splitlines())
    relevant = [line for line in lines if line and not line.startswith(DEVELOPER_HINT)]
    text = shorten(" ".join(relevant[:2]), MAX_REASON, placeholder="...")
    if isinstance(error, ConvcostError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _flops(kind: RunKind, call: ModuleCall, report: Report) -> Size | None:
    if kind == "forward":
        return report.flops
    if report.phases:
        return report.training_flops
    trace = _trace_training_step(call)
    costs = (operation.cost for operation in trace.operations) if trace else iter(())
    total = sum(costs, Cost()).flops(report.convention)
    return total or None


def _trace_training_step(call: ModuleCall) -> Trace | None:
    """The trace of a training step; None if it can't be counted."""
    try:
        return Profiler(backward=True).profile(call.model, *call.args, **call.kwargs).trace
    except Exception:  # a user's forward may raise anything on shapes
        return None


def peak_memory(function: Callable[[], object], call: ModuleCall) -> int | None:
    """Run `function` once, and return the peak of GPU memory, including that of `call`; None on a CPU.

    Excludes other memory on the GPU. Includes gradients, but no optimizer.
    """
    import torch

    if not any(tensor.is_cuda for tensor in call.tensors):
        function()
        return None
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    function()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before + _storage_bytes(call)


def _storage_bytes(call: ModuleCall) -> int:
    """Bytes of the call's tensors, each storage once."""
    storages = [tensor.untyped_storage() for tensor in call.tensors]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())
