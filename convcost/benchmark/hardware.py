"""What the system says of the hardware: its name, its caches, its memory."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from convcost.benchmark.settings import On
from convcost.core.units import BINARY

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
CPUS = Path("/proc/cpuinfo")


def name(on: On) -> str:
    """What the processor is called."""
    if on == "cuda":
        import torch

        return torch.cuda.get_device_name()
    found = re.search(r"^model name\s*:\s*(.+)$", CPUS.read_text(), re.M) if CPUS.is_file() else None
    return found[1].strip() if found else platform.processor() or platform.machine() or "CPU"


def cache_bytes(on: On) -> int:
    """Those of the largest cache; 0 where nobody says."""
    if on == "cuda":
        import torch

        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        return int(getattr(properties, "L2_cache_size", 0))
    sizes = (path.read_text().strip() for path in CACHES.glob("index*/size"))
    return max(map(_bytes, sizes), default=0)


def _bytes(text: str) -> int:
    """491520K in bytes."""
    found = re.fullmatch(r"(\d+)([KMG]?)", text)
    return int(found[1]) * BINARY[found[2]] if found else 0


def own_memory(on: On) -> int | None:
    """What a GPU has; a CPU has none of its own."""
    if on == "cpu":
        return None
    import torch

    return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)
