"""Parts of torch that need a device, made to work without: torch.cuda where there is no GPU, autocast."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

QUIET = (
    *("init", "_lazy_init", "synchronize", "set_device", "set_stream", "empty_cache", "ipc_collect"),
    *("reset_peak_memory_stats", "reset_max_memory_allocated", "reset_accumulated_memory_stats"),
    *("set_per_process_memory_fraction", "set_sync_debug_mode", "set_rng_state", "set_rng_state_all"),
)
"""What returns nothing."""

ZERO = (
    *("current_device", "memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"),
    *("memory_cached", "max_memory_cached", "utilization", "_exchange_device", "_maybe_exchange_device"),
)

LEGACY = (
    *(
        "FloatTensor",
        "DoubleTensor",
        "HalfTensor",
        "BFloat16Tensor",
        "LongTensor",
        "IntTensor",
        "ShortTensor",
    ),
    *("CharTensor", "ByteTensor", "BoolTensor"),
)
"""Classes of tensors whose name says their device."""


class _Here(threading.local):
    depth = 0


_here = _Here()
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
    import torch

    if torch.cuda.is_available():
        yield
        return
    replaced = {name: _gated(getattr(torch.cuda, name), new) for name, new in _replacements().items()}
    before = {name: getattr(torch.cuda, name) for name in replaced}
    vars(torch.cuda).update(replaced)
    _here.depth += 1
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*CUDA is not available")
            yield
    finally:
        _here.depth -= 1
        vars(torch.cuda).update(before)


@contextmanager
def virtual_autocast() -> Iterator[None]:
    """torch.autocast takes the meta device as the CPU: models ask for their input's, to switch it off."""
    import torch

    original = torch.autocast.__init__

    def of_known_device(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        original(self, "cpu" if device_type == "meta" else device_type, *args, **kwargs)

    torch.autocast.__init__ = of_known_device  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.autocast.__init__ = original  # type: ignore[method-assign]


def _replacements() -> dict[str, Callable[..., Any]]:
    import torch

    found: dict[str, Callable[..., Any]] = {
        **dict.fromkeys(QUIET, lambda *_, **__: None),
        **dict.fromkeys(ZERO, lambda *_, **__: 0),
        **{name: partial(_legacy, name) for name in LEGACY},
        **dict.fromkeys(("Stream", "Event", "ExternalStream", "current_stream", "default_stream"), Stub),
        "is_current_stream_capturing": lambda: False,
        "get_device_name": lambda *_: "",
        "get_rng_state": lambda *_: torch.get_rng_state(),
    }
    return {name: new for name, new in found.items() if hasattr(torch.cuda, name)}


def _legacy(name: str, *args: Any, **kwargs: Any) -> Any:
    import torch

    return getattr(torch, name)(*args, **kwargs)


def _gated(original: Any, replacement: Callable[..., Any]) -> Any:
    """`original` in other threads; of a class, one that has no instances here."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return (replacement if _here.depth else original)(*args, **kwargs)

    if not isinstance(original, type) and not hasattr(original, "__instancecheck__"):
        return wraps(original)(call)

    class Kind(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            return call(*args, **kwargs)

        def __instancecheck__(cls, instance: Any) -> bool:
            return not _here.depth and isinstance(instance, original)

    return Kind(original.__name__, (), {})
