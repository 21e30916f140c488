"""Virtual devices: tensors seem to be on devices that the machine lacks, and torch.cuda seems to work."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache, wraps
from typing import Any
from unittest.mock import patch

import torch
from torch.cuda import nvtx
from torch.utils import checkpoint

from convcost.tracing.isolation.tensor_copies import DEVICE_ATTRIBUTE, meta_copy

RETURNING_NONE = (
    *("init", "_lazy_init", "synchronize", "set_device", "set_stream", "empty_cache", "ipc_collect"),
    *("reset_peak_memory_stats", "reset_max_memory_allocated", "reset_accumulated_memory_stats"),
    *("set_per_process_memory_fraction", "set_sync_debug_mode", "set_rng_state", "set_rng_state_all"),
)
"""Functions of torch.cuda that do nothing."""

RETURNING_ZERO = (
    *("current_device", "memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved"),
    *("memory_cached", "max_memory_cached", "utilization", "_exchange_device", "_maybe_exchange_device"),
)

LEGACY_DTYPES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
"""The starts of legacy tensor classes, such as torch.cuda.FloatTensor."""

NVTX_FUNCTIONS = ("range_push", "range_pop", "range_start", "range_end", "mark")
"""Functions of torch.cuda.nvtx, for NVIDIA's profiler."""


class VirtualDevices:
    """Answers questions about tensors' devices, and makes tensors for missing devices.

    All tensors are reported on `home`, except those that the model moved elsewhere. With `has_data` they
    really are there, unless the machine has no such device.
    """

    def __init__(self, home: torch.device, has_data: bool) -> None:
        self.home = home
        self._has_data = has_data
        self.are_several = False
        """Whether a tensor is on another device than `home`."""

    def rule(self, function: Any) -> Callable[..., Any] | None:
        """The replacement of `function`, which takes it and its arguments; None for most functions."""
        name = _device_methods().get(function)
        return None if name is None else getattr(self, name)

    def on_device(
        self, function: Any, call: Callable[[Mapping[str, Any]], Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Run `call` without the device argument of `function`, and report its result on that device."""
        device = _to_device(kwargs["device"])
        if not self._is_virtual(device):
            return call(kwargs)
        rest = {name: value for name, value in kwargs.items() if name not in {"device", "pin_memory"}}
        if function.__name__.startswith("new_"):
            rest["device"] = "cpu"  # else the result is on the device of the tensor
        return self._place(call(rest), device)

    def propagate(self, inputs: Iterable[Any], outputs: Iterable[Any]) -> None:
        """Report the outputs of an operator on the device of its inputs."""
        found = (vars(tensor).get(DEVICE_ATTRIBUTE) for tensor in inputs)
        device = next((device for device in found if device is not None), None)
        if device is not None:
            for tensor in outputs:
                vars(tensor)[DEVICE_ATTRIBUTE] = device

    def device_of(self, tensor: torch.Tensor) -> torch.device:
        """The device of `tensor` as the user sees it."""
        found: torch.device | None = vars(tensor).get(DEVICE_ATTRIBUTE) if self.are_several else None
        if found is not None:
            return found
        return tensor.device if self._has_data else self.home

    def _is_virtual(self, device: torch.device) -> bool:
        return not _is_available(device.type) if self._has_data else device.type != "meta"

    def _place(self, tensor: Any, device: torch.device) -> Any:
        if device.type != self.home.type or device.index not in {None, self.home.index}:
            self.are_several = True
            vars(tensor)[DEVICE_ATTRIBUTE] = _with_index(device)
        elif self.are_several:
            vars(tensor).pop(DEVICE_ATTRIBUTE, None)
        return tensor

    def _device(self, _: Any, args: Any, __: Any) -> Any:
        return self.device_of(args[0])

    def _is_cuda(self, *call: Any) -> bool:
        return bool(self._device(*call).type == "cuda")

    def _is_cpu(self, *call: Any) -> bool:
        return bool(self._device(*call).type == "cpu")

    def _is_meta(self, *call: Any) -> bool:
        return bool(self._device(*call).type == "meta")

    def _index(self, *call: Any) -> int:
        device = self._device(*call)
        return -1 if device.type == "cpu" else device.index or 0

    def _move(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Tensor.to: `to(device, dtype, ...)`, `to(dtype, ...)` or `to(other, ...)`."""
        tensor, *given = args
        options = dict(kwargs)
        target = options.pop("other", options.pop("device", None))
        if target is None and given and not isinstance(given[0], torch.dtype):
            target = given.pop(0)
        if isinstance(target, torch.Tensor):
            device, given = self.device_of(target), [target.dtype, *given]
        else:
            device = _to_device(target)
        if device is None or not self._is_virtual(device):
            return function(*args, **kwargs)
        if given and given[0] is None:
            given.pop(0)
        if options.get("dtype") is None and not (given and isinstance(given[0], torch.dtype)):
            options.pop("dtype", None)
            given.insert(0, tensor.dtype)
        return self._copied_to(device, tensor, lambda tensor: function(tensor, *given, **options))

    def _type(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Tensor.type: a type such as `torch.cuda.FloatTensor` is device and dtype."""
        tensor, *given = args
        if not given and not kwargs:
            kind, device = function(tensor).rpartition(".")[2], self.device_of(tensor).type
            return f"torch.{kind}" if device == "cpu" else f"torch.{device}.{kind}"
        named = [
            value.replace("torch.cuda.", "torch.") if isinstance(value, str) else value for value in given
        ]
        return function(tensor, *named, **kwargs)

    def _set_data(self, function: Any, args: Any, _: Any) -> None:
        """`tensor.data = value`, also if only one of them is a meta tensor, which torch refuses."""
        tensor, value = args
        if tensor.is_meta == value.is_meta:
            function(tensor, value)
        elif tensor.is_meta:
            function(tensor, meta_copy(value))
        else:
            other = torch.Tensor._make_subclass(type(tensor), value.detach(), tensor.requires_grad)
            torch.utils.swap_tensors(tensor, other)  # type: ignore[no-untyped-call]

    def _cuda(self, _: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        number = kwargs.get("device", args[1] if len(args) > 1 else None)
        device = torch.device("cuda", 0) if number is None else _to_device(number)
        return self._move_to(device, args[0])

    def _return_tensor(self, _: Any, args: Any, __: Any) -> Any:
        """Tensor.pin_memory and Tensor.record_stream: the tensor itself."""
        return args[0]

    def _cpu(self, _: Any, args: Any, __: Any) -> Any:
        return self._move_to(torch.device("cpu"), args[0])

    def _move_to(self, device: Any, tensor: Any) -> Any:
        if not self._is_virtual(device):
            return torch.Tensor.to(tensor, device)
        return self._copied_to(device, tensor, lambda given: given)

    def _copied_to(self, device: torch.device, tensor: Any, convert: Callable[[Any], Any]) -> Any:
        """`tensor` converted and on `device`; a new tensor if either changes it."""
        if self.device_of(tensor) == _with_index(device):
            return convert(tensor)
        moved = convert(tensor)
        return self._place(moved.clone() if moved is tensor else moved, device)


def is_dtype_conversion(function: Any, args: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether it is Tensor.to with a dtype and without a device."""
    if function is not torch.Tensor.to or kwargs.keys() - {"dtype", "copy"}:
        return False
    return all(value.__class__ is torch.dtype or value.__class__ is bool for value in args[1:])


def _to_device(value: Any) -> Any:
    if value is None or isinstance(value, torch.device):
        return value
    return torch.device("cuda", value) if isinstance(value, int) else torch.device(value)


def _with_index(device: torch.device) -> torch.device:
    return (
        device if device.index is not None or device.type in {"cpu", "meta"} else torch.device(device.type, 0)
    )


@cache
def _is_available(kind: str) -> bool:
    """Whether this machine has a device of that kind."""
    if kind in {"cpu", "meta"}:
        return True
    return bool(getattr(getattr(torch, kind, None), "is_available", lambda: False)())


@cache
def _device_methods() -> dict[Any, str]:
    """The names of the methods above, by the functions that they replace."""
    tensor: Any = torch.Tensor
    return {
        tensor.device.__get__: "_device",
        tensor.is_cuda.__get__: "_is_cuda",
        tensor.is_cpu.__get__: "_is_cpu",
        tensor.is_meta.__get__: "_is_meta",
        tensor.get_device: "_index",
        tensor.data.__set__: "_set_data",
        tensor.to: "_move",
        tensor.type: "_type",
        tensor.cuda: "_cuda",
        tensor.cpu: "_cpu",
        **(
            {}
            if torch.cuda.is_available()
            else {tensor.pin_memory: "_return_tensor", tensor.record_stream: "_return_tensor"}
        ),
    }


class _Depth(threading.local):
    depth = 0


_depth = _Depth()
"""How many `virtual_cuda` blocks this thread is in. Other threads see the real torch.cuda."""


class StreamStub:
    """A stream or an event whose methods do nothing."""

    device_index = 0

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: 0.0 if name == "elapsed_time" else name in {"query", "is_capturing"} or None


@contextmanager
def virtual_cuda() -> Iterator[None]:
    """Make torch.cuda work without a GPU, in the block and its thread. With a GPU, nothing changes."""
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
    """Make torch.autocast accept the meta device: models pass the device of their input."""
    original = torch.autocast.__init__

    def init_on_known_device(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        original(self, "cpu" if device_type == "meta" else device_type, *args, **kwargs)

    torch.autocast.__init__ = init_on_known_device  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.autocast.__init__ = original  # type: ignore[method-assign]


@contextmanager
def virtual_checkpoint() -> Iterator[None]:
    """Make checkpointing ignore devices when it compares recomputed tensors: they may be virtual."""
    checks: Any = checkpoint._allowed_determinism_checks_to_fns
    with patch.dict(checks, default=lambda tensor: {"shape": tensor.shape, "dtype": tensor.dtype}):
        yield


@cache
def _replacements() -> tuple[tuple[Any, str, Any], ...]:
    """The replaced attributes: owner, name and replacement."""
    in_cuda: dict[str, Callable[..., Any]] = {
        **dict.fromkeys(RETURNING_NONE, lambda *_, **__: None),
        **dict.fromkeys(RETURNING_ZERO, lambda *_, **__: 0),
        **{f"{kind}Tensor": getattr(torch, f"{kind}Tensor") for kind in LEGACY_DTYPES},
        **dict.fromkeys(
            ("Stream", "Event", "ExternalStream", "current_stream", "default_stream"), StreamStub
        ),
        "is_current_stream_capturing": lambda: False,
        "get_device_name": lambda *_: "",
        "get_device_capability": lambda *_: (0, 0),
        "get_device_properties": lambda *_: StreamStub(),
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

    class ReplacementType(type):
        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            return call(*args, **kwargs)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original) or (
                replacement is StreamStub and isinstance(instance, StreamStub)
            )

    return ReplacementType(original.__name__, (), {})
