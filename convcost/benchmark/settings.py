"""Process-wide settings of torch during a measurement, and torch's timer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from convcost.benchmark.hardware import DeviceType
from convcost.benchmark.samples import TimerFunction
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError
from convcost.core.units import count_error

COMPUTATION_DTYPES = ("float64", "float32", "tfloat32", "bfloat16", "float16")
"""The dtypes in which torch's layers can compute."""

SLOW_CALL = 0.3
"""Seconds of a call from which on warm caches hardly matter."""

MAX_THREADS = 4096
"""More threads than any machine has; torch would try to start them."""

FLOAT32_PRECISIONS = {"float32": "ieee", "tfloat32": "tf32"}
"""Torch's names of precisions for float32 products on a GPU, by dtype."""


def computation_dtype(dtype: str, device: DeviceType) -> str:
    """The full name of a dtype; UsageError if torch's layers can't compute in it."""
    name = dtype_named(dtype)
    if name not in COMPUTATION_DTYPES:
        hint = f"Choose from {', '.join(COMPUTATION_DTYPES)}."
        raise UsageError(f"torch's layers can't compute in {name}", hint=hint)
    if name == "tfloat32" and device == "cpu":
        raise UsageError("tfloat32 is only for CUDA", hint="Use float32 on a CPU.")
    return name


def torch_version_and_threads() -> tuple[str, int]:
    """The version of torch, and its number of threads."""
    import torch

    return str(torch.__version__), torch.get_num_threads()


@contextmanager
def torch_settings(threads: int = 0, dtype: str = "", device: DeviceType = "cpu") -> Iterator[None]:
    """Use `threads` threads (0: torch's default) in the block; then restore settings and random states.

    Raises UsageError for an invalid number of threads.
    """
    import torch

    from convcost.tracing.isolation.process_state import preserved_process_state

    if not 0 <= threads <= MAX_THREADS:
        raise count_error("threads", threads, 1, MAX_THREADS)
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
    """Compute float32 products on a GPU in tfloat32 or float32, by the dtype."""
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
    """A timer of `function` like torch's benchmarks: with warm-up, and synchronized with the GPU.

    A slow function is not warmed up in every block, which would take three times as long.
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
