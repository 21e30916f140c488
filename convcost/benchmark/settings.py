"""Torch's settings for the whole process, set while something is timed, and put back; and torch's timer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from convcost.benchmark.hardware import DeviceType
from convcost.benchmark.samples import TimerFunction
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError

COMPUTATION_DTYPES = ("float64", "float32", "tfloat32", "bfloat16", "float16")
"""The dtypes that torch's layers compute in."""

SLOW_CALL = 0.3
"""Seconds of a call that hardly depend on what a cache still holds."""

MAX_THREADS = 4096
"""More than any machine has; torch would try to start them."""

FLOAT32_PRECISIONS = {"float32": "ieee", "tfloat32": "tf32"}
"""Torch's names for how a GPU multiplies float32, by dtype."""


def computation_dtype(dtype: str, device: DeviceType) -> str:
    """The dtype in full; UsageError where torch has no layers that compute in it."""
    name = dtype_named(dtype)
    if name not in COMPUTATION_DTYPES:
        hint = f"Times are of {', '.join(COMPUTATION_DTYPES)}."
        raise UsageError(f"torch's layers can't compute in {name}", hint=hint)
    if name == "tfloat32" and device == "cpu":
        raise UsageError("tfloat32 is only for CUDA", hint="Use float32 on a CPU.")
    return name


def torch_version_and_threads() -> tuple[str, int]:
    """Torch's version, and the number of its threads."""
    import torch

    return str(torch.__version__), torch.get_num_threads()


@contextmanager
def torch_settings(threads: int = 0, dtype: str = "", device: DeviceType = "cpu") -> Iterator[None]:
    """Use `threads` threads, or torch's own number if 0, in the block; put back settings and random states.

    Raises UsageError for an impossible number of threads.
    """
    import torch

    from convcost.tracing.isolation.process_state import preserved_process_state

    if not 0 <= threads <= MAX_THREADS:
        raise UsageError(f"{threads} threads are not possible", hint=f"Give 1 to {MAX_THREADS:,}.")
    with ExitStack() as stack:
        stack.enter_context(preserved_process_state())
        if device == "cuda":
            stack.enter_context(torch.random.fork_rng(devices=[torch.cuda.current_device()]))
        stack.enter_context(torch.inference_mode(False))
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        if threads:
            torch.set_num_threads(threads)
        stack.enter_context(_float32_precision(dtype))
        yield


@contextmanager
def _float32_precision(dtype: str) -> Iterator[None]:
    """A GPU's products of float32 as the dtype says: in tfloat32, or exactly."""
    from convcost.tracing.torch_versions import float32_precision

    if dtype not in FLOAT32_PRECISIONS:
        yield
        return
    settings = float32_precision(FLOAT32_PRECISIONS[dtype])
    before = [getattr(owner, name) for owner, name, _ in settings]
    try:
        for owner, name, value in settings:
            setattr(owner, name, value)
        yield
    finally:
        for (owner, name, _), value in zip(settings, before, strict=True):
            setattr(owner, name, value)


def torch_timer(function: Callable[[], object]) -> TimerFunction:
    """Times `function` as torch's own benchmarks do: warmed up, and with a GPU's work waited for.

    What is slow is not warmed up in every block, as that would take three times as long.
    """
    import torch
    from torch.utils.benchmark import Timer
    from torch.utils.benchmark import timer as clock

    timer = Timer("function()", globals={"function": function}, num_threads=torch.get_num_threads())

    def run(number: int) -> float:
        if number == 1:
            start = clock()
            function()
            if (seconds := clock() - start) > SLOW_CALL:
                return seconds
        return float(timer.timeit(number).mean)

    return run
