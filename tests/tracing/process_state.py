"""What a process is set to: torch's settings and Python's, each with how it is read and put back."""

import decimal
import gc
import inspect
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy
import torch
from torch import _tensor_str, nn
from torch.backends import cuda, cudnn, mha, mkldnn, opt_einsum
from torch.nn.modules import module as torch_module
from torch.utils import deterministic

DEVICES = ("cpu", "cuda", "xpu", "mps")


class Setting(NamedTuple):
    """A function that reads it as something comparable, and one that puts such a value back."""

    read: Callable[[], Any]
    write: Callable[[Any], Any] | None = None


def attribute(place: Any, name: str) -> Setting:
    return Setting(partial(getattr, place, name), partial(setattr, place, name))


def contents(place: Any) -> Setting:
    """A list, or a dict in its order, of the whole process."""
    if isinstance(place, list):
        return Setting(place.copy, partial(place.__setitem__, slice(None)))
    return Setting(lambda: [*place.items()], lambda items: (place.clear(), place.update(items)))


def functions_of(place: Any) -> Setting:
    """Which function each name stands for; names that come later do not count."""
    known = {name: getattr(place, name) for name in dir(place) if name != "__abstractmethods__"}
    known = {name: value for name, value in known.items() if inspect.isroutine(value)}

    def write(names: list[str]) -> None:
        for name in {*read()} - {*names}:
            setattr(place, name, known[name])

    def read() -> list[str]:
        """The names that are others' now; bound methods are never the same."""
        return [name for name, value in known.items() if getattr(place, name, None) != value]

    return Setting(read, write)


def _generator_state(generator: torch.Generator) -> bytes:
    return bytes(generator.get_state().numpy())


def _set_generator_state(generator: torch.Generator, state: bytes) -> None:
    generator.set_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def _numpy_state() -> tuple[Any, ...]:
    name, keys, *rest = numpy.random.get_state()
    return (name, keys.tobytes(), *rest)


def _set_numpy_state(state: tuple[Any, ...]) -> None:
    numpy.random.set_state((state[0], numpy.frombuffer(state[1], dtype=numpy.uint32), *state[2:]))


def _autocast(device: str) -> Setting:
    def write(state: Any) -> None:
        torch.set_autocast_enabled(device, state[0])
        torch.set_autocast_dtype(device, state[1])

    return Setting(lambda: (torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)), write)


def _pop_down_to(length: Callable[[], int], pop: Callable[[], Any], target: int) -> None:
    while length() > target:
        pop()


def _signal_handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _set_signal_handlers(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _decimal_context() -> str:
    return repr(decimal.getcontext())


def _context() -> Any:
    """The object behind torch.set_default_device."""
    return getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None)


def _forget_default_device():
    """As before it was ever set: torch 2.6 can't tell the default device after it was set to None."""
    torch.set_default_device(None)
    del torch._GLOBAL_DEVICE_CONTEXT.device_context


def _algorithms() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


GUARDS: list[Any] = []
"""They end what they began when they are gone."""


PRECISIONS = tuple(
    place
    for places in (
        [torch.backends, mkldnn, cudnn, cuda.matmul],
        [getattr(backend, name, None) for backend in (cudnn, mkldnn) for name in ("conv", "rnn", "matmul")],
    )
    for place in places
    if hasattr(place, "fp32_precision")  # not in older torch
)


def _precisions() -> list[str]:
    return [place.fp32_precision for place in PRECISIONS]


def _set_precisions(precisions: list[str]) -> None:
    for place, precision in zip(PRECISIONS, precisions, strict=True):
        place.fp32_precision = precision


SETTINGS: dict[str, Setting] = {
    "default device": Setting(_context, lambda _: _forget_default_device()),
    "function modes": Setting(
        torch._C._len_torch_function_stack,
        partial(_pop_down_to, torch._C._len_torch_function_stack, torch._C._pop_torch_function_stack),
    ),
    "dispatch modes": Setting(
        torch._C._len_torch_dispatch_stack,
        partial(
            _pop_down_to,
            torch._C._len_torch_dispatch_stack,
            partial(torch._C._pop_torch_dispatch_stack, None),
        ),
    ),
    "function modes are on": Setting(torch._C._is_torch_function_enabled),
    "where tensors go": Setting(lambda: str(torch.get_default_device())),
    "default dtype": Setting(torch.get_default_dtype, torch.set_default_dtype),
    "threads": Setting(torch.get_num_threads, torch.set_num_threads),
    "interop threads": Setting(torch.get_num_interop_threads),
    # Before what says the same for CUDA alone: torch refuses a mixture.
    "float32 matmul precision": Setting(
        torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    ),
    "float32 precision": Setting(_precisions, _set_precisions),
    "cudnn.enabled": attribute(cudnn, "enabled"),
    "cudnn.benchmark": attribute(cudnn, "benchmark"),
    "cudnn.benchmark_limit": attribute(cudnn, "benchmark_limit"),
    "cudnn.deterministic": attribute(cudnn, "deterministic"),
    "cudnn.allow_tf32": attribute(cudnn, "allow_tf32"),
    "cuda.matmul.allow_tf32": attribute(cuda.matmul, "allow_tf32"),
    "cuda.matmul.allow_fp16_reduced_precision_reduction": attribute(
        cuda.matmul, "allow_fp16_reduced_precision_reduction"
    ),
    "mkldnn.enabled": attribute(mkldnn, "enabled"),
    "opt_einsum.enabled": attribute(opt_einsum, "enabled"),
    "flash attention": Setting(cuda.flash_sdp_enabled, cuda.enable_flash_sdp),
    "memory-efficient attention": Setting(cuda.mem_efficient_sdp_enabled, cuda.enable_mem_efficient_sdp),
    "math attention": Setting(cuda.math_sdp_enabled, cuda.enable_math_sdp),
    "cudnn attention": Setting(cuda.cudnn_sdp_enabled, cuda.enable_cudnn_sdp),
    "attention fast path": Setting(mha.get_fastpath_enabled, mha.set_fastpath_enabled),
    "deterministic algorithms": Setting(
        _algorithms, lambda state: torch.use_deterministic_algorithms(state[0], warn_only=state[1])
    ),
    "deterministic debug mode": Setting(torch.get_deterministic_debug_mode),
    "fill_uninitialized_memory": attribute(deterministic, "fill_uninitialized_memory"),
    "anomaly mode": Setting(
        lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        lambda state: torch.autograd.set_detect_anomaly(*state),
    ),
    "gradients": Setting(torch.is_grad_enabled, torch._C._set_grad_enabled),
    "inference mode": Setting(
        torch.is_inference_mode_enabled, lambda is_on: GUARDS.append(torch._C._InferenceMode(is_on))
    ),
    "multithreaded autograd": Setting(
        torch._C._is_multithreading_enabled, torch._C._set_multithreading_enabled
    ),
    "sparse checks": Setting(
        torch.sparse.check_sparse_tensor_invariants.is_enabled, torch._C._set_check_sparse_tensor_invariants
    ),
    "saved tensor hooks": Setting(
        lambda: str(getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", bool)(True)),
        lambda _: torch._C._autograd._pop_saved_tensors_default_hooks(),
    ),
    "sharing strategy": Setting(
        torch.multiprocessing.get_sharing_strategy, torch.multiprocessing.set_sharing_strategy
    ),
    "autocast cache": Setting(torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled),
    **{f"autocast on {device}": _autocast(device) for device in DEVICES},
    "overwrite on conversion": Setting(
        torch.__future__.get_overwrite_module_params_on_conversion,
        torch.__future__.set_overwrite_module_params_on_conversion,
    ),
    **{name: contents(getattr(torch_module, name)) for name in vars(torch_module) if name.endswith("_hooks")},
    "full global backward hooks": attribute(torch_module, "_global_is_full_backward_hook"),
    "print options": contents(vars(_tensor_str.PRINT_OPTS)),
    "torch's random state": Setting(
        partial(_generator_state, torch.default_generator),
        partial(_set_generator_state, torch.default_generator),
    ),
    "Python's random state": Setting(random.getstate, random.setstate),
    "NumPy's random state": Setting(_numpy_state, _set_numpy_state),
    "NumPy's errors": Setting(numpy.geterr, lambda state: numpy.seterr(**state)),
    "NumPy's print options": Setting(numpy.get_printoptions, lambda state: numpy.set_printoptions(**state)),
    "torch.nn.functional": functions_of(nn.functional),
    "torch.Tensor": functions_of(torch.Tensor),
    "nn.Module": functions_of(nn.Module),
    "torch.autocast": functions_of(torch.autocast),
    "warning filters": Setting(
        lambda: [*warnings.filters], lambda value: warnings.filters.__setitem__(slice(None), value)
    ),
    "showwarning": attribute(warnings, "showwarning"),
    "sys.path": contents(sys.path),
    "sys.argv": contents(sys.argv),
    "recursion limit": Setting(sys.getrecursionlimit, sys.setrecursionlimit),
    "switch interval": Setting(sys.getswitchinterval, sys.setswitchinterval),
    "excepthook": attribute(sys, "excepthook"),
    "stdout": attribute(sys, "stdout"),
    "stderr": attribute(sys, "stderr"),
    "trace function": Setting(sys.gettrace),
    "profile function": Setting(sys.getprofile),
    "current folder": Setting(os.getcwd, os.chdir),
    "environment": Setting(
        lambda: dict(os.environ), lambda values: (os.environ.clear(), os.environ.update(values))
    ),
    "signal handlers": Setting(_signal_handlers, _set_signal_handlers),
    "timer": Setting(lambda: signal.getitimer(signal.ITIMER_REAL)[1]),
    "active threads": Setting(threading.active_count),
    "decimal precision": Setting(
        lambda: decimal.getcontext().prec, lambda value: setattr(decimal.getcontext(), "prec", value)
    ),
    "decimal context": Setting(_decimal_context),
    "garbage collection": Setting(gc.isenabled, lambda is_on: (gc.enable if is_on else gc.disable)()),
    "garbage thresholds": Setting(gc.get_threshold, lambda value: gc.set_threshold(*value)),
    "logging level": attribute(logging.getLogger(), "level"),
    "logging handlers": contents(logging.getLogger().handlers),
    "socket timeout": Setting(socket.getdefaulttimeout, socket.setdefaulttimeout),
}


def process_state() -> dict[str, Any]:
    """Every setting by its name."""
    return {name: _read(setting) for name, setting in SETTINGS.items()}


def _read(setting: Setting) -> Any:
    try:
        return setting.read()
    except RuntimeError as error:
        return f"can't be read: {error}"


@contextmanager
def process_restored() -> Iterator[None]:
    """Put back what can be: a test that fails is no reason for the next to do so."""
    before = process_state()
    try:
        yield
    finally:
        for name, setting in SETTINGS.items():
            if setting.write and _read(setting) != before[name]:
                setting.write(before[name])
