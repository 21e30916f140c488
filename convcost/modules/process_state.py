"""What a forward may change for the whole process, put back: settings, random states, modes, hooks."""

from __future__ import annotations

import decimal
import gc
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """Something that can be read and set again."""

    get: Callable[[], Any]
    set: Callable[[Any], Any]


class Attribute(NamedTuple):
    """An attribute of a module or an object that holds a setting."""

    owner: Any
    name: str

    @property
    def setting(self) -> Setting:
        """The attribute as a setting."""
        return Setting(
            lambda: getattr(self.owner, self.name), lambda value: setattr(self.owner, self.name, value)
        )


SET_ELSEWHERE = frozenset(
    (
        *(
            "_set_default_dtype",
            "_set_thread_name",
            "_set_deterministic_algorithms",
            "_set_cublas_allow_tf32",
        ),
        *("_set_cudnn_allow_tf32", "_set_onednn_allow_tf32", "_set_float32_matmul_precision"),
    )
)
"""Those of torch's setters in C++ that are called by another name here, or together with others."""

PRECISIONS = (
    *(("generic", "all"), ("cuda", "all"), ("cuda", "matmul"), ("cuda", "conv"), ("cuda", "rnn")),
    *(("mkldnn", "all"), ("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn")),
)
"""The backends and operators for which torch keeps a precision of float32."""


@contextmanager
def preserved_process_state() -> Iterator[None]:
    """Put back what the process had before: each setting that was changed, and the contents of tables."""
    before = [(setting, setting.get()) for setting in _settings()]
    contents = [(table, dict(table)) for table in _tables()]
    states = [(setting, setting.get()) for setting in _random_states()]
    try:
        yield
    finally:
        for setting, value in before:
            with suppress(Exception):
                if setting.get() != value:
                    setting.set(value)
        for table, content in contents:
            if dict(table) != content:
                _refill(table, content)
        for setting, value in states:
            setting.set(value)


def _refill(table: MutableMapping[Any, Any], content: dict[Any, Any]) -> None:
    for key in set(table) - set(content):
        del table[key]
    table.update(content)


@cache
def _settings() -> tuple[Setting, ...]:
    """Those that are compared before they are set; modes first, as they decide where the others act."""
    import torch

    return (
        Setting(_function_modes, _set_function_modes),
        Setting(_dispatch_modes, _set_dispatch_modes),
        *_torch_attributes(),
        *_torch_settings(),
        *_attention_kernels(),
        Setting(_precisions, _set_precisions),
        *_autocast(),
        Setting(torch.get_num_threads, torch.set_num_threads),
        Setting(torch.is_grad_enabled, torch._C._set_grad_enabled),
        Setting(torch.get_default_dtype, torch.set_default_dtype),
        Setting(
            _deterministic, lambda value: torch.use_deterministic_algorithms(value[0], warn_only=value[1])
        ),
        Setting(_anomaly_detection, lambda value: torch.autograd.set_detect_anomaly(*value)),
        *_python_settings(),
    )


def _torch_attributes() -> Iterator[Setting]:
    """Settings that torch keeps in Python."""
    import torch
    from torch.utils import _device

    owners: tuple[tuple[Any, str], ...] = (
        (torch._GLOBAL_DEVICE_CONTEXT, "device_context"),
        (_device, "CURRENT_DEVICE"),
        (torch.backends.mha, "_is_fastpath_enabled"),
        (torch.backends.opt_einsum, "enabled"),
        (torch.backends.opt_einsum, "strategy"),
        (torch._tensor_str, "PRINT_OPTS"),
        (torch.__future__, "_overwrite_module_params_on_conversion"),
        (torch.__future__, "_swap_module_params_on_conversion"),
    )
    for owner, name in owners:
        if name == "PRINT_OPTS":
            yield Setting(
                lambda: vars(torch._tensor_str.PRINT_OPTS).copy(), vars(torch._tensor_str.PRINT_OPTS).update
            )
        elif hasattr(owner, name):
            yield Attribute(owner, name).setting


def _torch_settings() -> Iterator[Setting]:
    """Each setting of torch's in C++ that has both `_get_NAME` and `_set_NAME`."""
    import torch

    for name in dir(torch._C):
        if not name.startswith("_set_") or name in SET_ELSEWHERE:
            continue
        get = getattr(torch._C, name.replace("_set_", "_get_", 1), None)
        if get is not None:
            with suppress(Exception):
                get()
                yield Setting(get, getattr(torch._C, name))


def _precisions() -> dict[Any, Any]:
    """By torch's older functions, which raise where they were mixed with newer ones, and by these."""
    import torch

    older = {"matmul": torch.get_float32_matmul_precision, "cudnn": torch._C._get_cudnn_allow_tf32}
    found: dict[Any, Any] = {pair: torch._C._get_fp32_precision_getter(*pair) for pair in PRECISIONS}
    for name, get in older.items():
        with suppress(RuntimeError):
            found[name] = get()
    return found


def _set_precisions(found: dict[Any, Any]) -> None:
    import torch

    if "matmul" in found:
        torch.set_float32_matmul_precision(found["matmul"])
    if "cudnn" in found:
        torch._C._set_cudnn_allow_tf32(found["cudnn"])
    for pair in PRECISIONS:
        torch._C._set_fp32_precision_setter(*pair, found[pair])


def _attention_kernels() -> Iterator[Setting]:
    from torch.backends import cuda

    yield Setting(cuda.flash_sdp_enabled, cuda.enable_flash_sdp)
    yield Setting(cuda.mem_efficient_sdp_enabled, cuda.enable_mem_efficient_sdp)
    yield Setting(cuda.math_sdp_enabled, cuda.enable_math_sdp)
    yield Setting(cuda.cudnn_sdp_enabled, cuda.enable_cudnn_sdp)


def _autocast() -> Iterator[Setting]:
    """Whether autocast is on, and in which dtype, for each kind of device."""
    import torch

    def setting(get: Callable[[str], Any], put: Callable[[str, Any], None], device: str) -> Setting:
        return Setting(lambda: get(device), lambda value: put(device, value))

    for device in ("cpu", "cuda"):
        yield setting(torch.is_autocast_enabled, torch.set_autocast_enabled, device)
        yield setting(torch.get_autocast_dtype, torch.set_autocast_dtype, device)
    yield Setting(torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled)


def _python_settings() -> Iterator[Setting]:
    yield Setting(os.getcwd, os.chdir)
    yield Setting(sys.getrecursionlimit, sys.setrecursionlimit)
    yield Setting(sys.getswitchinterval, sys.setswitchinterval)
    yield Setting(gc.isenabled, lambda is_on: gc.enable() if is_on else gc.disable())
    yield Setting(lambda: list(sys.path), lambda value: sys.path.__setitem__(slice(None), value))
    yield Setting(lambda: list(sys.argv), lambda value: sys.argv.__setitem__(slice(None), value))
    yield Setting(lambda: list(warnings.filters), _set_warning_filters)
    yield Setting(_decimal_context, decimal.setcontext)
    for name in ("stdin", "stdout", "stderr", "excepthook"):
        yield Attribute(sys, name).setting


def _decimal_context() -> Any:
    """A context that equals another with the same values."""

    class Context(decimal.Context):
        def __eq__(self, other: object) -> bool:
            return repr(self) == repr(other)

        __hash__ = None

    return decimal.getcontext().copy()


def _set_warning_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _deterministic() -> tuple[bool, bool]:
    import torch

    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _anomaly_detection() -> tuple[bool, bool]:
    import torch

    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _tables() -> Iterable[MutableMapping[Any, Any]]:
    """Hooks of all modules, and the environment."""
    from torch.nn.modules import module

    hooks = [
        table for name, table in vars(module).items() if name.startswith("_global_") and _is_table(table)
    ]
    return (*hooks, os.environ)


def _is_table(value: object) -> bool:
    return isinstance(value, MutableMapping)


def _random_states() -> Iterator[Setting]:
    """Those of torch on the CPU, of Python and, where it is loaded, of NumPy."""
    import torch

    yield Setting(torch.get_rng_state, torch.set_rng_state)
    yield Setting(random.getstate, random.setstate)
    numpy = sys.modules.get("numpy.random")
    if numpy:
        yield Setting(numpy.get_state, numpy.set_state)


def _function_modes() -> list[Any]:
    import torch

    return [torch._C._get_function_stack_at(place) for place in range(torch._C._len_torch_function_stack())]


def _set_function_modes(modes: list[Any]) -> None:
    import torch

    for _ in range(torch._C._len_torch_function_stack()):
        torch._C._pop_torch_function_stack()
    for mode in modes:
        torch._C._push_on_torch_function_stack(mode)


def _dispatch_modes() -> list[Any]:
    from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

    return list(_get_current_dispatch_mode_stack())


def _set_dispatch_modes(modes: list[Any]) -> None:
    from torch.utils._python_dispatch import _pop_mode, _push_mode

    for _ in _dispatch_modes():
        _pop_mode()
    for mode in modes:
        _push_mode(mode)
