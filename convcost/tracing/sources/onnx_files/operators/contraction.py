"""Convolutions and products of matrices."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule, padded, window_of
from convcost.tracing.sources.onnx_files.values import Call

CONVOLUTIONS: dict[int, Any] = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}

TRANSPOSED: dict[int, Any] = {
    1: functional.conv_transpose1d,
    2: functional.conv_transpose2d,
    3: functional.conv_transpose3d,
}


def convolve(call: Call, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Padding that differs between two sides is added first, and counts as data like that of a module."""
    spatial = _spatial(input, weight)
    window = window_of(call, input.shape[2:], weight.shape[2:])
    input, window = padded(input, window)
    found: torch.Tensor = CONVOLUTIONS[spatial](
        input, weight, bias, window.strides, window.begins, window.dilations, call.get("group", 1)
    )
    return found


def _spatial(input: torch.Tensor, weight: torch.Tensor) -> int:
    spatial = weight.dim() - 2
    if spatial not in CONVOLUTIONS or input.dim() != weight.dim():
        raise UsageError(f"a weight of {weight.dim()} dimensions on an input of {input.dim()} is not supported")
    return spatial


def _conv(call: Call) -> torch.Tensor:
    return convolve(call, call.tensor(0), call.tensor(1), call.optional(2))


def _conv_transpose(call: Call) -> torch.Tensor:
    """What the padding of the output cuts off beyond that on the other side is cut off behind."""
    input, weight = call.tensor(0), call.tensor(1)
    spatial = _spatial(input, weight)
    kernel = tuple(weight.shape[2:])
    window = window_of(call, input.shape[2:], kernel)
    extra = tuple(call.get("output_padding", (0,) * spatial))
    begins, ends = window.begins, window.ends
    wanted = call.get("output_shape")
    if wanted is not None or call.get("auto_pad", "NOTSET").startswith("SAME"):
        loops = zip(input.shape[2:], kernel, window.strides, window.dilations, extra, strict=True)
        full = [stride * (length - 1) + more + dilation * (side - 1) + 1
                for length, side, stride, dilation, more in loops]
        wanted = wanted or [length * stride for length, stride in zip(input.shape[2:], window.strides, strict=True)]
        totals = [torch.sym_max(size - goal, 0) for size, goal in zip(full, wanted[-spatial:], strict=True)]
        smaller = tuple(total // 2 for total in totals)
        larger = tuple(total - total // 2 for total in totals)
        begins, ends = (smaller, larger) if call.get("auto_pad") == "SAME_UPPER" else (larger, smaller)
    shared = tuple(map(torch.sym_min, begins, ends))
    made: torch.Tensor = TRANSPOSED[spatial](
        input, weight, call.optional(2), window.strides, shared, extra, call.get("group", 1), window.dilations
    )
    for dim, (begin, end, both) in enumerate(zip(begins, ends, shared, strict=True), 2):
        cut = begin + end - 2 * both
        if not isinstance(cut, int) or cut:
            made = made.narrow(dim, begin - both, made.shape[dim] - cut)
    return made


def _gemm(call: Call) -> torch.Tensor:
    """α·A·B + β·C; with a vector for C it is a linear layer, whose bias that is."""
    left, right, added = call.tensor(0), call.tensor(1), call.optional(2)
    left = left.t() if call.get("transA") else left
    weight = right if call.get("transB") else right.t()
    is_plain = call.get("alpha", 1.0) == 1 and call.get("beta", 1.0) == 1
    if added is None or (is_plain and added.dim() == 1 and added.shape[0] == weight.shape[0]):
        return functional.linear(left, weight, added)
    return torch.addmm(added, left, weight.t(), beta=call.get("beta", 1.0), alpha=call.get("alpha", 1.0))


def _matmul(call: Call) -> torch.Tensor:
    return torch.matmul(call.tensor(0), call.tensor(1))


def _matmul_and_add(call: Call) -> torch.Tensor:
    """A linear layer, if what is multiplied with is one matrix, and what is added has a number for each column."""
    data, weight, bias = call.tensors
    if weight.dim() == 2 and weight.shape[1] == bias.shape[0]:
        return functional.linear(data, weight.t(), bias)
    return torch.matmul(data, weight) + bias


def _einsum(call: Call) -> Any:
    return torch.einsum(call.get("equation", ""), *call.tensors)



OPERATORS: dict[str, TorchRule] = {
    **{"Conv": _conv, "ConvTranspose": _conv_transpose, "com.microsoft.FusedConv": _conv},
    **{"Gemm": _gemm, "com.microsoft.FusedGemm": _gemm, "MatMul": _matmul, "Einsum": _einsum},
    "MatMul + Add": _matmul_and_add,
}
