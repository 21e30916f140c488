"""Whether what is timed fits in the memory that is free."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from convcost.analysis.memory import memory
from convcost.benchmark.settings import On
from convcost.core import arithmetic
from convcost.core.cost import Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.units import binary
from convcost.counters.limits import real_bytes

MEMINFO = Path("/proc/meminfo")

COUNTED_IN = ITEMSIZES["float32"]
"""What `real_bytes` takes an element to have."""


def check_room(reports: Sequence[Report], dtype: str, on: On, backward: bool) -> None:
    """UsageError if all of them together, as they are timed in turn, need more than there is."""
    needed, free = sum(needed_bytes(report, dtype, backward) for report in reports), free_bytes(on)
    if free is not None and needed > free:
        message = f"timing would take about {binary(needed)}, and {binary(free)} are free"
        raise UsageError(message, hint="Smaller sizes, or fewer candidates, take less.")


def needed_bytes(report: Report, dtype: str, backward: bool) -> Size:
    """About what one takes: what torch works in, and for a training step what that keeps."""
    name = dtype or report.dtype
    working = real_bytes(report) * ITEMSIZES[name] // COUNTED_IN
    return max(working, _trained(report, name)) if backward else working


def _trained(report: Report, dtype: str) -> Size:
    """Of a design by its layers' rules; of a module, which was not run, every output and its gradient."""
    if not report.trace:
        return memory(report, dtype, "sgd").training_peak or 0
    outputs = sum(row.calls * arithmetic.elements(row.output) for row in report.rows)
    return 2 * ITEMSIZES[dtype] * (report.params + outputs)


def free_bytes(on: On) -> int | None:
    """What can be had without swapping; None where the system does not say."""
    if on == "cuda":
        import torch

        free: int = torch.cuda.mem_get_info()[0]
        return free
    if MEMINFO.is_file() and (found := re.search(r"MemAvailable:\s+(\d+) kB", MEMINFO.read_text())):
        return 1024 * int(found[1])
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
