"""Convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.operators.interface import (
    SlidingWindow,
    TorchRule,
    pad_if_asymmetric,
    window_of,
)
from convcost.tracing.sources.onnx_files.values import NodeCall, larger, smaller

CONVOLUTIONS: dict[int, Any] = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}

TRANSPOSED: dict[int, Any] = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


def convolve(
    call: NodeCall, data: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """A convolution. Asymmetric padding is added first by a separate pad, as a module would do it."""
    spatial = _spatial(data, weight)
    window = window_of(call, data.shape[2:], weight.shape[2:])
    data, window = pad_if_asymmetric(data, window)
    found: torch.Tensor = CONVOLUTIONS[spatial](
        data, weight, bias, window.strides, window.begins, window.dilations, call.get("group", 1)
    )
    return found


def _spatial(data: torch.Tensor, weight: torch.Tensor) -> int:
    spatial = weight.dim() - 2
    if spatial not in CONVOLUTIONS or data.dim() != weight.dim():
        raise UsageError(
            f"a weight of {weight.dim()} dimensions on an input of {data.dim()} is not supported"
        )
    return spatial


def _conv(call: NodeCall) -> torch.Tensor:
    return convolve(call, call.tensor(0), call.tensor(1), call.optional(2))


def _conv_transpose(call: NodeCall) -> torch.Tensor:
    """A transposed convolution. Asymmetric padding crops the output afterwards."""
    data, weight = call.tensor(0), call.tensor(1)
    spatial = _spatial(data, weight)
    window, extra = _transposed_window(call, data.shape[2:], weight.shape[2:])
    shared = tuple(map(smaller, window.begins, window.ends))
    made: torch.Tensor = TRANSPOSED[spatial](
        *(data, weight, call.optional(2), window.strides, shared, extra),
        *(call.get("group", 1), window.dilations),
    )
    if not window.is_even:
        for dim, (begin, end, both) in enumerate(zip(window.begins, window.ends, shared, strict=True), 2):
            made = made.narrow(dim, begin - both, made.shape[dim] - (begin + end - 2 * both))
    return made


def _transposed_window(
    call: NodeCall, lengths: Sequence[Any], kernel: Sequence[int]
) -> tuple[SlidingWindow, list[Any]]:
    """The window of a transposed convolution, and its output padding.

    With `output_shape` or automatic padding, the padding is computed from the output's size.
    """
    window = window_of(call, lengths, kernel)
    extra = list(call.get("output_padding", (0,) * len(kernel)))
    automatic, wanted = call.get("auto_pad", "NOTSET"), call.get("output_shape")
    if wanted is None and not automatic.startswith("SAME"):
        return window, extra
    begins, ends = [], []
    for dim, (length, side, stride, dilation) in enumerate(
        zip(lengths, kernel, window.strides, window.dilations, strict=True)
    ):
        full = stride * (length - 1) + extra[dim] + dilation * (side - 1) + 1
        goal = length * stride if wanted is None else wanted[dim - len(kernel)]
        total = larger(full - goal, 0)
        extra[dim] += larger(goal - full, 0)
        halves = total // 2, total - total // 2
        begins.append(halves[0] if automatic == "SAME_UPPER" else halves[1])
        ends.append(total - begins[-1])
    return window._replace(begins=tuple(begins), ends=tuple(ends)), extra


def _gemm(call: NodeCall) -> torch.Tensor:
    """α·A·B + β·C; a linear layer with bias C if C is a vector and α = β = 1."""
    left, right, added = call.tensor(0), call.tensor(1), call.optional(2)
    left = left.t() if call.get("transA") else left
    weight = right if call.get("transB") else right.t()
    is_plain = call.get("alpha", 1.0) == 1 and call.get("beta", 1.0) == 1
    if added is None or (is_plain and added.dim() == 1 and added.shape[0] == weight.shape[0]):
        return functional.linear(left, weight, added)
    return torch.addmm(added, left, weight.t(), beta=call.get("beta", 1.0), alpha=call.get("alpha", 1.0))


def _matmul(call: NodeCall) -> torch.Tensor:
    return torch.matmul(call.tensor(0), call.tensor(1))


def _matmul_and_add(call: NodeCall) -> torch.Tensor:
    """A linear layer, if the weight is a matrix and the bias has an element for each column."""
    data, weight, bias = call.tensors
    if weight.dim() == 2 and weight.shape[1] == bias.shape[0]:
        return functional.linear(data, weight.t(), bias)
    return torch.matmul(data, weight) + bias


def _einsum(call: NodeCall) -> Any:
    return torch.einsum(call.get("equation", ""), *call.tensors)


OPERATORS: dict[str, TorchRule] = {
    **{"Conv": _conv, "ConvTranspose": _conv_transpose, "com.microsoft.FusedConv": _conv},
    **{"Gemm": _gemm, "com.microsoft.FusedGemm": _gemm, "MatMul": _matmul, "Einsum": _einsum},
    "MatMul + Add": _matmul_and_add,
}
