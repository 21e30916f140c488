"""Parts of torch that ask for devices, made to work without: torch.cuda, autocast, checkpointing."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from typing import Any
from unittest.mock import patch

import torch
from torch.cuda import nvtx
from torch.utils import checkpoint

RETURNING_NONE = (
    *("init", "_lazy_init", "synchronize", "set_device", "set_stream", "empty_cache", "ipc_collect"),
    *("reset_peak_memory_stats", "reset_max_memory_allocated", "reset_accumulated_memory_stats"),
    *("set_per_process_memory_fraction", "set_sync_debug_mode", "set_rng_state", "set_rng_state_all"),
)
"""What returns nothing."""

RETURNING_ZERO = (
    *("current_device", "memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"),
    *("memory_cached", "max_memory_cached", "utilization", "_exchange_device", "_maybe_exchange_device"),
)

LEGACY_DTYPES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
"""What legacy classes of tensors, such as torch.cuda.FloatTensor, begin with."""

NVTX_FUNCTIONS = ("range_push", "range_pop", "range_start", "range_end", "mark")
"""What torch.cuda.nvtx tells a profiler of NVIDIA's."""


class _Depth(threading.local):
    depth = 0


_depth = _Depth()
"""Other threads see torch.cuda as it is."""


class Stub:
    """A stream or an event: what is asked of it does nothing."""

    device_index = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: 0.0 if name == "elapsed_time" else name in {"query", "is_capturing"} or None


@contextmanager
def virtual_cuda() -> Iterator[None]:
    """In the block, and in its thread, what torch.cuda has works without a GPU; with one nothing changes."""
    if torch.cuda.is_available():
        yield
        return
    with ExitStack() as stack:
        for owner, name, stand_in in _replacements():
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, stand_in)
        _depth.depth += 1
        stack.callback(_leave)
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message=".*CUDA is not available")
        yield


def _leave() -> None:
    _depth.depth -= 1


@contextmanager
def virtual_autocast() -> Iterator[None]:
    """torch.autocast takes the meta device as the CPU: models ask for their input's, to switch it off."""
    original = torch.autocast.__init__

    def of_known_device(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        original(self, "cpu" if device_type == "meta" else device_type, *args, **kwargs)

    torch.autocast.__init__ = of_known_device  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.autocast.__init__ = original  # type: ignore[method-assign]


@contextmanager
def virtual_checkpoint() -> Iterator[None]:
    """Checkpointing compares what it computes again with what was saved: not devices, which are virtual."""
    checks: Any = checkpoint._allowed_determinism_checks_to_fns
    with patch.dict(checks, default=lambda tensor: {"shape": tensor.shape, "dtype": tensor.dtype}):
        yield


@cache
def _replacements() -> tuple[tuple[Any, str, Any], ...]:
    """An owner, a name, and what is found there in the meantime."""
    in_cuda: dict[str, Callable[..., Any]] = {
        **dict.fromkeys(RETURNING_NONE, lambda *_, **__: None),
        **dict.fromkeys(RETURNING_ZERO, lambda *_, **__: 0),
        **{f"{kind}Tensor": getattr(torch, f"{kind}Tensor") for kind in LEGACY_DTYPES},
        **dict.fromkeys(("Stream", "Event", "ExternalStream", "current_stream", "default_stream"), Stub),
        "is_current_stream_capturing": lambda: False,
        "get_device_name": lambda *_: "",
        "get_device_capability": lambda *_: (0, 0),
        "get_device_properties": lambda *_: Stub(),
        "mem_get_info": lambda *_: (0, 0),
        "memory_stats": lambda *_: {},
        "memory_summary": lambda *_, **__: "",
        "initial_seed": lambda: 0,
        "get_rng_state": lambda *_: torch.get_rng_state(),
    }
    generator: Any = torch.Generator
    found: list[tuple[Any, str, Callable[..., Any]]] = [
        *((torch.cuda, name, new) for name, new in in_cuda.items()),
        *((nvtx, name, lambda *_, **__: 0) for name in NVTX_FUNCTIONS),
        (torch, "Generator", lambda *_, **__: generator()),
    ]
    return tuple(
        (owner, name, _in_this_thread(getattr(owner, name), new))
        for owner, name, new in found
        if hasattr(owner, name)
    )


def _in_this_thread(original: Any, replacement: Callable[..., Any]) -> Any:
    """`replacement` in the thread that runs a model, and `original` in others."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return (replacement if _depth.depth else original)(*args, **kwargs)

    if not isinstance(original, type) and not hasattr(original, "__instancecheck__"):
        return wraps(original)(call)

    class Kind(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            return call(*args, **kwargs)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original) or (replacement is Stub and isinstance(instance, Stub))

    return Kind(original.__name__, (), {})
