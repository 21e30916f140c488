"""Measuring what this machine can do at most: matrix products, copies and calls of tiny layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, get_args

from convcost.benchmark.first_run import reason
from convcost.benchmark.free_memory import free_bytes
from convcost.benchmark.hardware import cache_bytes, name, own_memory
from convcost.benchmark.machine import Figure, Machine, spread
from convcost.benchmark.samples import Plan, Samples, in_turn
from convcost.benchmark.settings import COMPUTED, On, of_torch, set_up, timer
from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.errors import UsageError
from convcost.devices.device import Call
from convcost.tracing.tensors import torch_dtype


class Product(NamedTuple):
    """Two square matrices of so many rows, multiplied."""

    dtype: str
    rows: int

    @property
    def amount(self) -> int:
        """FLOPs: 2·rows³."""
        return FLOPS_PER_MAC * self.rows**3

    def __str__(self) -> str:
        return f"product of two matrices of {self.rows} x {self.rows}"


class Copy(NamedTuple):
    """So many bytes, copied."""

    bytes: int

    @property
    def amount(self) -> int:
        """Bytes: those read and those written."""
        return 2 * self.bytes

    def __str__(self) -> str:
        return f"copy of {self.bytes / 2**20:.4g} MiB, read and written"


class Tiny(NamedTuple):
    """A layer of one channel, or of two in two groups, on a number of each."""

    of: Call = "layer"


Work = Product | Copy | Tiny


def call(work: Work, on: On) -> Callable[[], object]:
    """What does it once; raises what torch does where it can't."""
    import torch

    if isinstance(work, Copy):
        source, target = (torch.zeros(work.bytes, dtype=torch.uint8, device=on) for _ in range(2))
        return lambda: target.copy_(source)
    if isinstance(work, Product):
        wanted = torch_dtype(work.dtype)
        one, other = (torch.randn(work.rows, work.rows, device=on).to(wanted) for _ in range(2))
        return lambda: one @ other
    return _tiny(work.of, on)


def _tiny(of: Call, on: On) -> Callable[[], object]:
    import torch

    if of == "layer":
        linear, number = torch.nn.Linear(1, 1, device=on), torch.zeros(1, device=on)
        return lambda: linear(number)
    channels = 1 if of == "convolution" else 2
    layer = torch.nn.Conv1d(channels, channels, 3, padding=1, groups=channels, device=on)
    numbers = torch.zeros(1, channels, 1, device=on)
    return lambda: layer(numbers)


PLAN = Plan(block=0.03, total=0.2, fewest=3, most=7)

ROWS: dict[On, tuple[int, ...]] = {"cpu": (256, 512, 1024, 2048), "cuda": (1024, 2048, 4096, 8192)}
"""Small matrices don't fill a machine, and large ones don't fit its caches: what is best differs."""

LONGEST = 0.3
"""Seconds that a product may take; from one size to the next it is 8 times as many."""

SLOWEST = 100
"""So many times slower than float32 is no figure of the machine, but of a fallback."""

CACHES = tuple(mebibytes * 2**20 for mebibytes in (1, 4, 16, 64))
"""What source and copy together take, and a cache may hold."""

SMALLEST = 128 * 2**20
"""Bytes of the copy from memory: more where the last cache is larger."""

CALLS: tuple[Call, ...] = get_args(Call)

Measure = Callable[[Work], Samples]

Told = Callable[[str], None]
"""Is told what is measured next."""


def measured(on: On, threads: int, told: Told) -> Machine:
    """This machine's figures, on so many threads if any are asked for; takes less than 20 s.

    Raises UsageError where there is no memory for a copy that no cache holds.
    """
    import torch

    with set_up(threads, on=on), torch.no_grad():
        return machine(on, _sampled(on), told)


def _sampled(on: On) -> Measure:
    def sampled(work: Work) -> Samples:
        dtype = work.dtype if isinstance(work, Product) else ""
        with set_up(dtype=dtype, on=on):
            return in_turn({work: timer(call(work, on))}, PLAN)[work]

    return sampled


def machine(on: On, measure: Measure, told: Told) -> Machine:
    """Put together from what `measure` finds."""
    told("calls")
    tiny = {of: measure(Tiny(of)) for of in CALLS}
    told("copies")
    bandwidth = _figure(Copy(_large(on)), measure)
    caches = {size: _figure(Copy(size // 2), measure) for size in CACHES}
    peaks, skipped = _peaks(on, measure, told)
    return Machine(
        name(on),
        on,
        own_memory(on),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        *of_torch(),
        peaks,
        bandwidth,
        caches,
        {of: min(samples.seconds) for of, samples in tiny.items()},
        max(map(spread, tiny.values())),
        skipped,
    )


def _figure(work: Product | Copy, measure: Measure) -> Figure:
    return Figure.of(work.amount, str(work), measure(work))


def _large(on: On) -> int:
    """Bytes that no cache holds; UsageError if there is no memory for two of them."""
    wanted, free = max(SMALLEST, cache_bytes(on)), free_bytes(on)
    if free is not None and 3 * wanted > free:
        raise UsageError("there is too little free memory for a copy that no cache holds")
    return wanted


def _peaks(on: On, measure: Measure, told: Told) -> tuple[dict[str, Figure], dict[str, str]]:
    """The best by dtype, and why others have none."""
    peaks: dict[str, Figure] = {}
    skipped: dict[str, str] = {}
    for dtype in sorted(COMPUTED, key="float32".__ne__):
        if dtype == "tfloat32" and on == "cpu":
            continue
        told(f"products in {dtype}")
        try:
            found = max(_products(dtype, on, measure), key=lambda figure: figure.value)
        except Exception as error:  # whatever torch raises for a dtype that it can't multiply
            skipped[dtype] = f"torch can't multiply in it here ({reason(error)})"
            continue
        single = peaks.get("float32", found)
        if found.value * SLOWEST < single.value:
            skipped[dtype] = f"more than {SLOWEST} times slower than float32"
        else:
            peaks[dtype] = found
    if not peaks:
        raise UsageError(f"no product could be measured: {'; '.join(skipped.values())}")
    return {dtype: peaks[dtype] for dtype in COMPUTED if dtype in peaks}, skipped


def _products(dtype: str, on: On, measure: Measure) -> Iterator[Figure]:
    """Larger and larger ones, while they don't take too long."""
    for rows in ROWS[on]:
        work = Product(dtype, rows)
        samples = measure(work)
        yield Figure.of(work.amount, str(work), samples)
        if 8 * min(samples.seconds) > LONGEST:
            return
