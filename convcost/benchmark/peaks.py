"""Measures the peaks of this machine: matrix products, copies, and calls of tiny layers."""

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
    """A product of two square matrices."""

    dtype: str
    rows: int

    @property
    def amount(self) -> int:
        """FLOPs: 2·rows³."""
        return FLOPS_PER_MAC * self.rows**3

    def __str__(self) -> str:
        return f"product of two matrices of {self.rows} x {self.rows}"


class MemoryCopy(NamedTuple):
    """A copy of memory."""

    bytes: int

    @property
    def amount(self) -> int:
        """Bytes read and written."""
        return 2 * self.bytes

    def __str__(self) -> str:
        return f"copy of {self.bytes / 2**20:.4g} MiB, read and written"


class TinyCall(NamedTuple):
    """A call of a layer with one channel, or two channels in two groups, on one position."""

    of: Call = "layer"


Work = MatrixProduct | MemoryCopy | TinyCall


def make_work(work: Work, device: DeviceType) -> Callable[[], object]:
    """A function that does the work once. Raises torch's error if it is not supported."""
    import torch

    if isinstance(work, MemoryCopy):
        source, target = (torch.zeros(work.bytes, dtype=torch.uint8, device=device) for _ in range(2))
        return lambda: target.copy_(source)
    if isinstance(work, MatrixProduct):
        dtype = torch_dtype(work.dtype)
        left, right = (torch.randn(work.rows, work.rows, device=device).to(dtype) for _ in range(2))
        return lambda: left @ right
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
"""Sizes of matrices. Small ones don't use the whole machine, and large ones don't fit its caches."""

MAX_PRODUCT_SECONDS = 0.3
"""The most seconds of a product; the next size takes 8 times as long."""

MAX_SLOWDOWN = 100
"""A dtype this many times slower than float32 runs on a fallback, and is skipped."""

CACHE_SIZES = tuple(mebibytes * 2**20 for mebibytes in (1, 4, 16, 64))
"""Total bytes of source and copy that a cache may hold."""

MIN_COPY_BYTES = 128 * 2**20
"""The minimum bytes of the copy from memory; more if the last cache is larger."""

TINY_CALLS: tuple[Call, ...] = get_args(Call)

Measure = Callable[[Work], Samples]

Announce = Callable[[str], None]
"""Called with the next measurement's name."""


def measure_machine(device: DeviceType, threads: int, announce: Announce) -> Machine:
    """Measure this machine in less than 20 s, with `threads` threads (0: torch's default).

    Raises UsageError if there is too little memory for a copy larger than the caches.
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
    """Make a Machine from measurements by `measure`."""
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
    """Bytes that exceed all caches; UsageError if there is too little memory for two copies."""
    size, free = max(MIN_COPY_BYTES, cache_bytes(device)), free_bytes(device)
    if free is not None and 3 * size > free:
        raise UsageError("there is too little free memory for a copy larger than the caches")
    return size


def _peaks(
    device: DeviceType, measure: Measure, announce: Announce
) -> tuple[dict[str, MeasuredPeak], dict[str, str]]:
    """The peaks by dtype, and the reasons for skipped dtypes."""
    peaks: dict[str, MeasuredPeak] = {}
    skipped: dict[str, str] = {}
    for dtype in sorted(COMPUTATION_DTYPES, key="float32".__ne__):
        if dtype == "tfloat32" and device == "cpu":
            continue
        announce(f"products in {dtype}")
        try:
            peak = max(_product_peaks(dtype, device, measure), key=lambda figure: figure.value)
        except Exception as error:  # torch may raise anything for an unsupported dtype
            skipped[dtype] = f"torch does not support products in it here ({failure_reason(error)})"
            continue
        single = peaks.get("float32", peak)
        if peak.value * MAX_SLOWDOWN < single.value:
            skipped[dtype] = f"more than {MAX_SLOWDOWN} times slower than float32"
        else:
            peaks[dtype] = peak
    if not peaks:
        raise UsageError(f"no product could be measured: {'; '.join(skipped.values())}")
    return {dtype: peaks[dtype] for dtype in COMPUTATION_DTYPES if dtype in peaks}, skipped


def _product_peaks(dtype: str, device: DeviceType, measure: Measure) -> Iterator[MeasuredPeak]:
    """The peaks of products of increasing size, until they take too long."""
    for rows in MATRIX_SIZES[device]:
        work = MatrixProduct(dtype, rows)
        samples = measure(work)
        yield MeasuredPeak.of(work.amount, str(work), samples)
        if 8 * min(samples.seconds) > MAX_PRODUCT_SECONDS:
            return
