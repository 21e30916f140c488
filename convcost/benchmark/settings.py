"""What torch has for the whole process, set while something is timed, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, get_args

from convcost.benchmark.samples import Timed
from convcost.core.dtypes import dtype_named
from convcost.core.errors import UsageError, did_you_mean

On = Literal["cpu", "cuda"]

COMPUTED = ("float64", "float32", "tfloat32", "bfloat16", "float16")
"""The dtypes that torch's layers compute in."""

SLOW = 0.3
"""Seconds of a call that hardly depend on what a cache still holds."""

MOST_THREADS = 4096
"""More than any machine has; torch would try to start them."""

PRECISIONS = {"float32": "ieee", "tfloat32": "tf32"}
"""What torch calls them."""


def place(named: str) -> On:
    """Where to run: as named, or else on the GPU if there is one; UsageError if there is no such place."""
    import torch

    if named and named not in get_args(On):
        raise UsageError(f"--on is cpu or cuda, not {named[:40]}{did_you_mean(named, get_args(On))}")
    has_gpu = torch.cuda.is_available()
    if named == "cuda" and not has_gpu:
        raise UsageError("torch sees no CUDA here", hint="--on cpu measures on the CPU.")
    return "cuda" if has_gpu and named != "cpu" else "cpu"


def title(on: On) -> str:
    """What it is called: cpu, or the GPU's name."""
    import torch

    return torch.cuda.get_device_name() if on == "cuda" else "cpu"


def computed(dtype: str, on: On) -> str:
    """The dtype in full; UsageError where torch has no layers that compute in it."""
    name = dtype_named(dtype)
    if name not in COMPUTED:
        raise UsageError(f"torch's layers compute in no {name}", hint=f"Times are of {', '.join(COMPUTED)}.")
    if name == "tfloat32" and on == "cpu":
        raise UsageError("tfloat32 is of CUDA alone", hint="On a CPU there is float32.")
    return name


def of_torch() -> tuple[str, int]:
    """Its version, and the number of its threads."""
    import torch

    return str(torch.__version__), torch.get_num_threads()


@contextmanager
def set_up(threads: int = 0, dtype: str = "", on: On = "cpu") -> Iterator[None]:
    """With so many threads if any are asked for; random states and settings are as before afterwards.

    UsageError for a number of threads that there can't be.
    """
    import torch

    from convcost.tracing.isolation.process_state import preserved_process_state

    if not 0 <= threads <= MOST_THREADS:
        raise UsageError(f"there can't be {threads} threads", hint=f"There can be 1 to {MOST_THREADS:,}.")
    with ExitStack() as stack:
        stack.enter_context(preserved_process_state())
        if on == "cuda":
            stack.enter_context(torch.random.fork_rng(devices=[torch.cuda.current_device()]))
        stack.enter_context(torch.inference_mode(False))
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        if threads:
            torch.set_num_threads(threads)
        stack.enter_context(_products_in(dtype))
        yield


@contextmanager
def _products_in(dtype: str) -> Iterator[None]:
    """A GPU's products of float32 as the dtype says: in tfloat32, or exactly."""
    import torch

    if dtype not in PRECISIONS:
        yield
        return
    settings: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)  # type: ignore[attr-defined]
    before = [setting.fp32_precision for setting in settings]
    try:
        for setting in settings:
            setting.fp32_precision = PRECISIONS[dtype]
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            setting.fp32_precision = value


def timer(call: Callable[[], object]) -> Timed:
    """Times `call` as torch's own benchmarks do: warmed up, and with a GPU's work waited for.

    What is slow is not warmed up in every block, as that would take three times as long.
    """
    import torch
    from torch.utils.benchmark import Timer

    timed = Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads())

    def run(number: int) -> float:
        if number == 1 and (seconds := _once(call)) > SLOW:
            return seconds
        return float(timed.timeit(number).mean)

    return run


def _once(call: Callable[[], object]) -> float:
    """The seconds of one call, with a GPU's work waited for."""
    from torch.utils.benchmark import timer as clock

    start = clock()
    call()
    return clock() - start
