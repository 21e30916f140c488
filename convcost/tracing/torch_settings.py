"""Torch's settings, as a forward may change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from convcost.tracing.settings import Setting, attribute

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


@cache
def torch_settings() -> tuple[Setting, ...]:
    """All of them; modes first, as they decide where the others act."""
    import torch

    return (
        Setting(_function_modes, _set_function_modes),
        Setting(_dispatch_modes, _set_dispatch_modes),
        Setting(_saved_tensor_hooks, _set_saved_tensor_hooks),
        Setting(_print_options, vars(torch._tensor_str.PRINT_OPTS).update),
        Setting(_precisions, _set_precisions),
        *_attributes(),
        *_of_cpp(),
        *_attention_kernels(),
        *_autocast(),
        Setting(torch.get_num_threads, torch.set_num_threads),
        Setting(torch.is_grad_enabled, torch._C._set_grad_enabled),
        Setting(torch.get_default_dtype, torch.set_default_dtype),
        Setting(_deterministic, _set_deterministic),
        Setting(_anomaly_detection, lambda value: torch.autograd.set_detect_anomaly(*value)),
    )


def _attributes() -> Iterator[Setting]:
    """Those that torch keeps in Python."""
    import torch
    from torch.nn.modules import module
    from torch.utils import _device

    owners: tuple[tuple[Any, str], ...] = (
        (torch._GLOBAL_DEVICE_CONTEXT, "device_context"),
        (_device, "CURRENT_DEVICE"),
        (module, "_global_is_full_backward_hook"),
        (torch.backends.mha, "_is_fastpath_enabled"),
        (torch.backends.opt_einsum, "enabled"),
        (torch.backends.opt_einsum, "strategy"),
        (torch.__future__, "_overwrite_module_params_on_conversion"),
        (torch.__future__, "_swap_module_params_on_conversion"),
    )
    return (attribute(owner, name) for owner, name in owners)


def _print_options() -> dict[str, Any]:
    import torch

    return dict(vars(torch._tensor_str.PRINT_OPTS))


def _of_cpp() -> Iterator[Setting]:
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


def _deterministic() -> tuple[bool, bool]:
    import torch

    return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()


def _set_deterministic(value: tuple[bool, bool]) -> None:
    import torch

    torch.use_deterministic_algorithms(value[0], warn_only=value[1])


def _anomaly_detection() -> tuple[bool, bool]:
    import torch

    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _saved_tensor_hooks() -> Any:
    import torch

    return torch._C._autograd._top_saved_tensors_default_hooks(True)


def _set_saved_tensor_hooks(hooks: Any) -> None:
    """Take away those on top of `hooks`."""
    import torch

    while _saved_tensor_hooks() not in {None, hooks}:
        torch._C._autograd._pop_saved_tensors_default_hooks()


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
