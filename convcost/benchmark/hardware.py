"""What the system says of the hardware: its name, its caches, its memory, and what of that is free."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from convcost.benchmark.machine import DeviceType
from convcost.core.units import BINARY

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


def processor_name(device: DeviceType) -> str:
    """What the processor is called."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    found = re.search(r"^model name\s*:\s*(.+)$", CPUINFO.read_text(), re.M) if CPUINFO.is_file() else None
    return found[1].strip() if found else platform.processor() or platform.machine() or "CPU"


def cache_bytes(device: DeviceType) -> int:
    """Those of the largest cache; 0 where the system does not say."""
    if device == "cuda":
        import torch

        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        return int(getattr(properties, "L2_cache_size", 0))
    sizes = (path.read_text().strip() for path in CACHES.glob("index*/size"))
    return max(map(_bytes, sizes), default=0)


def _bytes(text: str) -> int:
    """491520K in bytes."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    return int(found[1]) * BINARY[found[2]] if found else 0


def gpu_memory(device: DeviceType) -> int | None:
    """The bytes that a GPU has; None for a CPU, which has none of its own."""
    if device == "cpu":
        return None
    import torch

    return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


def free_bytes(device: DeviceType) -> int | None:
    """What can be had without swapping; None where the system does not say."""
    if device == "cuda":
        import torch

        free: int = torch.cuda.mem_get_info()[0]
        return free
    if MEMINFO.is_file() and (found := re.search(r"MemAvailable:\s+(\d+) kB", MEMINFO.read_text())):
        return 1024 * int(found[1])
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
