"""Pooling by windows, and global pooling."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.operators.interface import (
    SlidingWindow,
    TorchRule,
    pad_if_asymmetric,
    pad_input,
    window_of,
)
from convcost.tracing.sources.onnx_files.values import NodeCall

MAXIMUM: dict[int, Any] = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}

MEAN: dict[int, Any] = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}

POWER: dict[int, Any] = {1: functional.lp_pool1d, 2: functional.lp_pool2d, 3: functional.lp_pool3d}

GLOBAL_MEAN: dict[int, Any] = {
    1: functional.adaptive_avg_pool1d,
    2: functional.adaptive_avg_pool2d,
    3: functional.adaptive_avg_pool3d,
}

GLOBAL_MAXIMUM: dict[int, Any] = {
    1: functional.adaptive_max_pool1d,
    2: functional.adaptive_max_pool2d,
    3: functional.adaptive_max_pool3d,
}


def _padded_input(call: NodeCall, value: float) -> tuple[torch.Tensor, SlidingWindow, int]:
    """The input, padded if torch's pooling can't do it: it pads symmetrically by at most half a kernel."""
    data, kernel = call.tensor(0), call.get("kernel_shape", ())
    if len(kernel) not in MAXIMUM or data.dim() != len(kernel) + 2:
        raise UsageError(f"a kernel of {len(kernel)} dimensions on an input of {data.dim()} is not supported")
    window = window_of(call, data.shape[2:], kernel)
    if any(2 * side > size for side, size in zip(window.begins, window.kernel, strict=True)):
        data, window = pad_input(data, window, value)
    data, window = pad_if_asymmetric(data, window, value)
    return data, window, len(kernel)


def _max_pool(call: NodeCall) -> Any:
    data, window, spatial = _padded_input(call, float("-inf"))
    return MAXIMUM[spatial](
        data,
        window.kernel,
        window.strides,
        window.begins,
        window.dilations,
        bool(call.get("ceil_mode", 0)),
        call.outputs > 1,
    )


def _average_pool(call: NodeCall) -> Any:
    data, window, spatial = _padded_input(call, 0.0)
    _refuse_dilations(window)
    counts_padding = bool(call.get("count_include_pad", 0))
    return MEAN[spatial](
        data, window.kernel, window.strides, window.begins, bool(call.get("ceil_mode", 0)), counts_padding
    )


def _lp_pool(call: NodeCall) -> Any:
    data, window, spatial = _padded_input(call, 0.0)
    _refuse_dilations(window)
    data, window = pad_input(data, window, 0.0)
    kernel: Any = window.kernel if spatial > 1 else window.kernel[0]
    return POWER[spatial](
        data, float(call.get("p", 2)), kernel, window.strides, bool(call.get("ceil_mode", 0))
    )


def _refuse_dilations(window: SlidingWindow) -> None:
    if any(size != 1 for size in window.dilations):
        raise UsageError("dilations are supported only for MaxPool")


def _global_pool(functions: dict[int, Any]) -> TorchRule:
    def rule(call: NodeCall) -> Any:
        data = call.tensor(0)
        spatial = data.dim() - 2
        if spatial not in functions:
            raise UsageError(f"an input of {data.dim()} dimensions is not supported")
        return functions[spatial](data, 1)

    return rule


def _global_lp_pool(call: NodeCall) -> torch.Tensor:
    data = call.tensor(0)
    made: torch.Tensor = torch.linalg.vector_norm(data, call.get("p", 2), tuple(range(2, data.dim())), True)
    return made


OPERATORS: dict[str, TorchRule] = {
    **{"MaxPool": _max_pool, "AveragePool": _average_pool, "LpPool": _lp_pool},
    **{"GlobalAveragePool": _global_pool(GLOBAL_MEAN), "GlobalMaxPool": _global_pool(GLOBAL_MAXIMUM)},
    "GlobalLpPool": _global_lp_pool,
}
