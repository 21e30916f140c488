"""Measuring what this machine can do at most: matrix products, copies and calls of tiny layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, get_args

from convcost.benchmark.first_run import failure_reason
from convcost.benchmark.hardware import DeviceType, cache_bytes, free_bytes, gpu_memory, processor_name
from convcost.benchmark.machine import Machine, MeasuredPeak, relative_spread
from convcost.benchmark.samples import Samples, SamplingPlan, sample_in_turn
from convcost.benchmark.settings import (
    COMPUTATION_DTYPES,
    torch_settings,
    torch_timer,
    torch_version_and_threads,
)
from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.errors import UsageError
from convcost.devices.names import Call
from convcost.tracing.tensors import torch_dtype


class MatrixProduct(NamedTuple):
    """Two square matrices of so many rows, multiplied."""

    dtype: str
    rows: int

    @property
    def amount(self) -> int:
        """FLOPs: 2·rows³."""
        return FLOPS_PER_MAC * self.rows**3

    def __str__(self) -> str:
        return f"product of two matrices of {self.rows} x {self.rows}"


class MemoryCopy(NamedTuple):
    """So many bytes, copied."""

    bytes: int

    @property
    def amount(self) -> int:
        """Bytes: those read and those written."""
        return 2 * self.bytes

    def __str__(self) -> str:
        return f"copy of {self.bytes / 2**20:.4g} MiB, read and written"


class TinyCall(NamedTuple):
    """A layer of one channel, or of two in two groups, on a number of each."""

    of: Call = "layer"


Work = MatrixProduct | MemoryCopy | TinyCall


def make_work(work: Work, device: DeviceType) -> Callable[[], object]:
    """What does it once; raises what torch does where it can't."""
    import torch

    if isinstance(work, MemoryCopy):
        source, target = (torch.zeros(work.bytes, dtype=torch.uint8, device=device) for _ in range(2))
        return lambda: target.copy_(source)
    if isinstance(work, MatrixProduct):
        wanted = torch_dtype(work.dtype)
        one, other = (torch.randn(work.rows, work.rows, device=device).to(wanted) for _ in range(2))
        return lambda: one @ other
    return _tiny_call(work.of, device)


def _tiny_call(of: Call, device: DeviceType) -> Callable[[], object]:
    import torch

    if of == "layer":
        linear, number = torch.nn.Linear(1, 1, device=device), torch.zeros(1, device=device)
        return lambda: linear(number)
    channels = 1 if of == "convolution" else 2
    layer = torch.nn.Conv1d(channels, channels, 3, padding=1, groups=channels, device=device)
    numbers = torch.zeros(1, channels, 1, device=device)
    return lambda: layer(numbers)


PLAN = SamplingPlan(block_seconds=0.03, total_seconds=0.2, min_rounds=3, max_rounds=7)

MATRIX_SIZES: dict[DeviceType, tuple[int, ...]] = {
    "cpu": (256, 512, 1024, 2048),
    "cuda": (1024, 2048, 4096, 8192),
}
"""Small matrices don't fill a machine, and large ones don't fit its caches: what is best differs."""

MAX_PRODUCT_SECONDS = 0.3
"""Seconds that a product may take; from one size to the next it is 8 times as many."""

MAX_SLOWDOWN = 100
"""So many times slower than float32 is no figure of the machine, but of a fallback."""

CACHE_SIZES = tuple(mebibytes * 2**20 for mebibytes in (1, 4, 16, 64))
"""What source and copy together take, and a cache may hold."""

MIN_COPY_BYTES = 128 * 2**20
"""Bytes of the copy from memory: more where the last cache is larger."""

TINY_CALLS: tuple[Call, ...] = get_args(Call)

Measure = Callable[[Work], Samples]

Announce = Callable[[str], None]
"""Is called with what is measured next."""


def measure_machine(device: DeviceType, threads: int, announce: Announce) -> Machine:
    """This machine's figures, on so many threads if any are asked for; takes less than 20 s.

    Raises UsageError where there is no memory for a copy that no cache holds.
    """
    import torch

    with torch_settings(threads, device=device), torch.no_grad():
        return assemble_machine(device, _sampler(device), announce)


def _sampler(device: DeviceType) -> Measure:
    def sampled(work: Work) -> Samples:
        dtype = work.dtype if isinstance(work, MatrixProduct) else ""
        with torch_settings(dtype=dtype, device=device):
            return sample_in_turn({work: torch_timer(make_work(work, device))}, PLAN)[work]

    return sampled


def assemble_machine(device: DeviceType, measure: Measure, announce: Announce) -> Machine:
    """Put together from what `measure` finds."""
    announce("calls")
    tiny = {of: measure(TinyCall(of)) for of in TINY_CALLS}
    announce("copies")
    bandwidth = _measure_peak(MemoryCopy(_uncached_bytes(device)), measure)
    caches = {size: _measure_peak(MemoryCopy(size // 2), measure) for size in CACHE_SIZES}
    peaks, skipped = _peaks(device, measure, announce)
    return Machine(
        processor_name(device),
        device,
        gpu_memory(device),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        *torch_version_and_threads(),
        peaks,
        bandwidth,
        caches,
        {of: min(samples.seconds) for of, samples in tiny.items()},
        max(map(relative_spread, tiny.values())),
        skipped,
    )


def _measure_peak(work: MatrixProduct | MemoryCopy, measure: Measure) -> MeasuredPeak:
    return MeasuredPeak.of(work.amount, str(work), measure(work))


def _uncached_bytes(device: DeviceType) -> int:
    """Bytes that no cache holds; UsageError if there is no memory for two of them."""
    wanted, free = max(MIN_COPY_BYTES, cache_bytes(device)), free_bytes(device)
    if free is not None and 3 * wanted > free:
        raise UsageError("there is too little free memory for a copy larger than the caches")
    return wanted


def _peaks(
    device: DeviceType, measure: Measure, announce: Announce
) -> tuple[dict[str, MeasuredPeak], dict[str, str]]:
    """The best by dtype, and why others have none."""
    peaks: dict[str, MeasuredPeak] = {}
    skipped: dict[str, str] = {}
    for dtype in sorted(COMPUTATION_DTYPES, key="float32".__ne__):
        if dtype == "tfloat32" and device == "cpu":
            continue
        announce(f"products in {dtype}")
        try:
            found = max(_product_peaks(dtype, device, measure), key=lambda figure: figure.value)
        except Exception as error:  # whatever torch raises for a dtype that it can't multiply
            skipped[dtype] = f"torch can't multiply in it here ({failure_reason(error)})"
            continue
        single = peaks.get("float32", found)
        if found.value * MAX_SLOWDOWN < single.value:
            skipped[dtype] = f"more than {MAX_SLOWDOWN} times slower than float32"
        else:
            peaks[dtype] = found
    if not peaks:
        raise UsageError(f"no product could be measured: {'; '.join(skipped.values())}")
    return {dtype: peaks[dtype] for dtype in COMPUTATION_DTYPES if dtype in peaks}, skipped


def _product_peaks(dtype: str, device: DeviceType, measure: Measure) -> Iterator[MeasuredPeak]:
    """Larger and larger ones, while they don't take too long."""
    for rows in MATRIX_SIZES[device]:
        work = MatrixProduct(dtype, rows)
        samples = measure(work)
        yield MeasuredPeak.of(work.amount, str(work), samples)
        if 8 * min(samples.seconds) > MAX_PRODUCT_SECONDS:
            return
