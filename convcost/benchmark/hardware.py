"""The device to measure on: selection, name, caches, memory and free memory."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Literal, get_args

from convcost.core.errors import UsageError
from convcost.core.units import BINARY

DeviceType = Literal["cpu", "cuda"]

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")


def select_device(name: str) -> DeviceType:
    """The device with that name; by default the GPU, if there is one. UsageError if it does not exist."""
    import torch

    devices = get_args(DeviceType)
    if name and name not in devices:
        raise UsageError(f"--on must be cpu or cuda, not {name[:40]}", hint="cuda is the GPU.")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise UsageError("torch finds no CUDA device", hint="Use --on cpu to measure on the CPU.")
    return "cuda" if has_gpu and name != "cpu" else "cpu"


def device_title(device: DeviceType) -> str:
    """The name of the GPU, or "cpu"."""
    import torch

    return torch.cuda.get_device_name() if device == "cuda" else "cpu"


def processor_name(device: DeviceType) -> str:
    """The name of the CPU or GPU."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    match = re.search(r"^model name\s*:\s*(.+)$", CPUINFO.read_text(), re.M) if CPUINFO.is_file() else None
    return match[1].strip() if match else platform.processor() or platform.machine() or "CPU"


def cache_bytes(device: DeviceType) -> int:
    """The bytes of the largest cache; 0 if unknown."""
    if device == "cuda":
        import torch

        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        return int(getattr(properties, "L2_cache_size", 0))
    sizes = (path.read_text().strip() for path in CACHES.glob("index*/size"))
    return max(map(_bytes, sizes), default=0)


def _bytes(text: str) -> int:
    """A size such as 491520K in bytes."""
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    return int(match[1]) * BINARY[match[2]] if match else 0


def gpu_memory(device: DeviceType) -> int | None:
    """The memory of a GPU in bytes; None for a CPU."""
    if device == "cpu":
        return None
    import torch

    return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


def free_bytes(device: DeviceType) -> int | None:
    """The bytes that can be allocated without swapping; None if unknown."""
    if device == "cuda":
        import torch

        free: int = torch.cuda.mem_get_info()[0]
        return free
    if MEMINFO.is_file() and (match := re.search(r"MemAvailable:\s+(\d+) kB", MEMINFO.read_text())):
        return 1024 * int(match[1])
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
