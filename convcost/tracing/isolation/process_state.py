"""Save and restore the settings of Python, NumPy and torch that a forward may change for the process."""

from __future__ import annotations

import decimal
import gc
import logging
import os
import random
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple

import torch
import torch.backends.opt_einsum
from torch._tensor_str import PRINT_OPTS
from torch.backends import cuda
from torch.nn.modules import module as module_hooks
from torch.utils import _device
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack, _pop_mode, _push_mode

from convcost.tracing.isolation.object_state import preserved_attributes
from convcost.tracing.torch_versions import FLOAT32_PRECISIONS, SAVED_TENSOR_HOOKS

MISSING = object()

NOT_SET_BY_NAME = frozenset(
    (
        *("_set_default_dtype", "_set_thread_name"),
        *("_set_deterministic_algorithms", "_set_cublas_allow_tf32"),
        *("_set_cudnn_allow_tf32", "_set_onednn_allow_tf32", "_set_float32_matmul_precision"),
    )
)
"""Torch's C++ setters that are not called by name, since other settings here include them."""

PRECISIONS = (
    *(("generic", "all"), ("cuda", "all"), ("cuda", "matmul"), ("cuda", "conv"), ("cuda", "rnn")),
    *(("mkldnn", "all"), ("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn")),
)
"""The backends and operators that have a precision setting for float32."""


class Setting(NamedTuple):
    """A setting that can be read and restored."""

    get: Callable[[], Any]
    set: Callable[[Any], Any]


def attribute_setting(owner: Any, name: str) -> Setting:
    """An attribute as a setting; one that did not exist is deleted again."""

    def put(value: Any) -> None:
        if value is MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)

    return Setting(lambda: getattr(owner, name, MISSING), put)


def list_setting(items: list[Any]) -> Setting:
    """The items of a list as a setting."""
    return Setting(lambda: list(items), lambda value: items.__setitem__(slice(None), value))


def python_settings() -> Iterator[Setting]:
    """Settings of Python."""
    yield Setting(os.getcwd, os.chdir)
    yield Setting(sys.getrecursionlimit, sys.setrecursionlimit)
    yield Setting(sys.getswitchinterval, sys.setswitchinterval)
    yield Setting(gc.isenabled, lambda is_on: gc.enable() if is_on else gc.disable())
    yield Setting(gc.get_threshold, lambda value: gc.set_threshold(*value))
    yield Setting(_decimal_context, lambda value: decimal.setcontext(decimal.Context(*value)))
    yield Setting(lambda: list(warnings.filters), _set_warning_filters)
    yield Setting(socket.getdefaulttimeout, socket.setdefaulttimeout)
    yield Setting(lambda: logging.root.level, logging.root.setLevel)
    yield list_setting(logging.root.handlers)
    yield list_setting(sys.path)
    yield list_setting(sys.argv)
    yield attribute_setting(warnings, "showwarning")
    for name in ("stdin", "stdout", "stderr", "excepthook"):
        yield attribute_setting(sys, name)


def numpy_settings() -> Iterator[Setting]:
    """Settings of NumPy, if it is loaded."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        yield Setting(numpy.geterr, lambda value: numpy.seterr(**value))
        yield Setting(numpy.get_printoptions, lambda value: numpy.set_printoptions(**value))


def random_states() -> Iterator[Setting]:
    """Random states of torch on the CPU, of Python and, if it is loaded, of NumPy."""
    yield Setting(torch.get_rng_state, torch.set_rng_state)
    yield Setting(random.getstate, random.setstate)
    numpy = sys.modules.get("numpy.random")
    if numpy:
        yield Setting(numpy.get_state, numpy.set_state)


def _decimal_context() -> Any:
    """Arguments of decimal.Context that make an equal context."""
    _, arguments = decimal.getcontext().__reduce__()
    return arguments


def _set_warning_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


@cache
def torch_settings() -> tuple[Setting, ...]:
    """All settings of torch; modes come first, since they affect how the others are set."""
    return (
        Setting(_function_modes, _set_function_modes),
        Setting(lambda: list(_get_current_dispatch_mode_stack()), _set_dispatch_modes),
        *([Setting(_saved_tensor_hooks, _set_saved_tensor_hooks)] * SAVED_TENSOR_HOOKS),
        Setting(lambda: dict(vars(PRINT_OPTS)), vars(PRINT_OPTS).update),
        Setting(_precisions, _set_precisions),
        *_attribute_settings(),
        *_cpp_settings(),
        Setting(cuda.flash_sdp_enabled, cuda.enable_flash_sdp),
        Setting(cuda.mem_efficient_sdp_enabled, cuda.enable_mem_efficient_sdp),
        Setting(cuda.math_sdp_enabled, cuda.enable_math_sdp),
        Setting(cuda.cudnn_sdp_enabled, cuda.enable_cudnn_sdp),
        *_autocast(),
        Setting(torch.get_num_threads, torch.set_num_threads),
        Setting(torch.is_grad_enabled, torch._C._set_grad_enabled),
        Setting(torch.get_default_dtype, torch.set_default_dtype),
        Setting(
            lambda: (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ),
            lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1]),
        ),
        Setting(
            lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            lambda value: torch.autograd.set_detect_anomaly(*value),
        ),
    )


def _attribute_settings() -> Iterator[Setting]:
    """Settings that torch stores in Python."""
    owners: tuple[tuple[Any, str], ...] = (
        (torch._GLOBAL_DEVICE_CONTEXT, "device_context"),
        (_device, "CURRENT_DEVICE"),
        (module_hooks, "_global_is_full_backward_hook"),
        (torch.backends.mha, "_is_fastpath_enabled"),
        (torch.backends.opt_einsum, "enabled"),
        (torch.backends.opt_einsum, "strategy"),
        (torch.__future__, "_overwrite_module_params_on_conversion"),
        (torch.__future__, "_swap_module_params_on_conversion"),
    )
    return (attribute_setting(owner, name) for owner, name in owners)


def _cpp_settings() -> Iterator[Setting]:
    """Settings of torch in C++ that have both `_get_NAME` and `_set_NAME`."""
    for name in dir(torch._C):
        if not name.startswith("_set_") or name in NOT_SET_BY_NAME:
            continue
        get = getattr(torch._C, name.replace("_set_", "_get_", 1), None)
        if get is not None:
            with suppress(Exception):
                get()
                yield Setting(get, getattr(torch._C, name))


def _precisions() -> dict[Any, Any]:
    """Precisions of float32, by torch's newer and older functions. The older ones raise if both were used."""
    older = {"matmul": torch.get_float32_matmul_precision, "cudnn": torch._C._get_cudnn_allow_tf32}
    found: dict[Any, Any] = {}
    if FLOAT32_PRECISIONS:
        found |= {pair: torch._C._get_fp32_precision_getter(*pair) for pair in PRECISIONS}
    for name, get in older.items():
        with suppress(RuntimeError):
            found[name] = get()
    return found


def _set_precisions(found: dict[Any, Any]) -> None:
    if "matmul" in found:
        torch.set_float32_matmul_precision(found["matmul"])
    if "cudnn" in found:
        torch._C._set_cudnn_allow_tf32(found["cudnn"])
    for pair in PRECISIONS if FLOAT32_PRECISIONS else ():
        torch._C._set_fp32_precision_setter(*pair, found[pair])


def _autocast() -> Iterator[Setting]:
    """Autocast's state and dtype for each kind of device."""

    def setting(get: Callable[[str], Any], put: Callable[[str, Any], None], device: str) -> Setting:
        return Setting(lambda: get(device), lambda value: put(device, value))

    for device in ("cpu", "cuda"):
        yield setting(torch.is_autocast_enabled, torch.set_autocast_enabled, device)
        yield setting(torch.get_autocast_dtype, torch.set_autocast_dtype, device)
    yield Setting(torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled)


def _saved_tensor_hooks() -> Any:
    return torch._C._autograd._top_saved_tensors_default_hooks(True)


def _set_saved_tensor_hooks(hooks: Any) -> None:
    """Pop the hooks above `hooks`."""
    while _saved_tensor_hooks() not in {None, hooks}:
        torch._C._autograd._pop_saved_tensors_default_hooks()


def _function_modes() -> list[Any]:
    return [torch._C._get_function_stack_at(place) for place in range(torch._C._len_torch_function_stack())]


def _set_function_modes(modes: list[Any]) -> None:
    for _ in range(torch._C._len_torch_function_stack()):
        torch._C._pop_torch_function_stack()
    for mode in modes:
        torch._C._push_on_torch_function_stack(mode)


def _set_dispatch_modes(modes: list[Any]) -> None:
    for _ in _get_current_dispatch_mode_stack():
        _pop_mode()
    for mode in modes:
        _push_mode(mode)


@contextmanager
def preserved_process_state() -> Iterator[None]:
    """Restore settings, tables and random states of the process after the block."""
    settings = (*torch_settings(), *python_settings(), *numpy_settings())
    before = [(setting, setting.get()) for setting in settings]
    tables = [(table, dict(table)) for table in _preserved_tables()]
    states = [(setting, setting.get()) for setting in random_states()]
    try:
        with preserved_attributes((torch.Tensor, torch.nn.Module)):  # which users may patch
            yield
    finally:
        for setting, value in before:
            with suppress(Exception):
                if setting.get() != value:
                    setting.set(value)
        for table, content in tables:
            if dict(table) != content:
                _restore_table(table, content)
        for setting, value in states:
            setting.set(value)


def _preserved_tables() -> Iterator[MutableMapping[Any, Any]]:
    """Global hooks of modules, the functions of torch.nn.functional, and the environment."""
    hooks = (table for name, table in vars(module_hooks).items() if name.startswith("_global_"))
    yield from (table for table in hooks if isinstance(table, MutableMapping))
    yield vars(torch.nn.functional)
    yield os.environ


def _restore_table(table: MutableMapping[Any, Any], content: dict[Any, Any]) -> None:
    for key in set(table) - set(content):
        del table[key]
    table.update(content)
