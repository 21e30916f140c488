"""Quantized operators: conversions, and contractions counted as in floating point."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from convcost.tracing.sources.onnx_files.operators.contraction import convolve
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall, Value


def _quantize(call: NodeCall) -> torch.Tensor:
    return _quantize_elements(call.tensor(0), call.tensor(2).dtype if call.has(2) else torch.uint8)


def _dequantize(call: NodeCall) -> torch.Tensor:
    """Subtract the zero point and multiply by the scale, for each element of computed data.

    A stored weight costs nothing: it can be converted once, before the model runs.
    """
    data, scale = call.tensor(0), call.tensor(1)
    made = data.to(scale.dtype)
    return made if isinstance(data, torch.nn.Parameter) else (made - 0.0) * 1.0


def _dynamic_quantize(call: NodeCall) -> Any:
    data = call.tensor(0)
    scale = torch.amax(data) - torch.amin(data)
    return _quantize_elements(data), scale, torch.zeros((), dtype=torch.uint8)


def _quantize_elements(data: torch.Tensor, dtype: torch.dtype = torch.uint8) -> torch.Tensor:
    """For each element: a product with 1 / scale, rounding, the zero point, and two comparisons."""
    return torch.clamp(torch.round(data * 1.0) + 0.0, 0, 255).to(dtype)


def _as_floats(value: Value) -> torch.Tensor:
    """The value as floats, which torch's functions need. MACs are the same for integers."""
    made: torch.Tensor = value.to(torch.float32)
    return made


def _conv_integer(call: NodeCall) -> torch.Tensor:
    return convolve(call, _as_floats(call.tensor(0)), _as_floats(call.tensor(1)), None).to(torch.int32)


def _matmul_integer(call: NodeCall) -> torch.Tensor:
    return torch.matmul(_as_floats(call.tensor(0)), _as_floats(call.tensor(1))).to(torch.int32)


def _qlinear_conv(call: NodeCall) -> torch.Tensor:
    """Inputs: data, weight and their scales and zero points; scale and zero point of the output; the bias."""
    bias = call.optional(8)
    floats = None if bias is None else _as_floats(bias)
    return convolve(call, _as_floats(call.tensor(0)), _as_floats(call.tensor(3)), floats).to(
        call.tensor(7).dtype
    )


def _qlinear_matmul(call: NodeCall) -> torch.Tensor:
    return torch.matmul(_as_floats(call.tensor(0)), _as_floats(call.tensor(3))).to(call.tensor(7).dtype)


def _dynamic_matmul(call: NodeCall) -> torch.Tensor:
    """Quantize the input, then multiply by an integer weight."""
    data, weight = call.tensor(0), _as_floats(call.tensor(1))
    _quantize_elements(data)
    return functional.linear(data, weight.mT, call.optional(4))


def _matmul_to_float(call: NodeCall) -> torch.Tensor:
    return functional.linear(_as_floats(call.tensor(0)), _as_floats(call.tensor(1)).mT, call.optional(6))


def _matmul_of_few_bits(call: NodeCall) -> torch.Tensor:
    """A product with a weight of [K, N], packed in blocks."""
    data = call.tensor(0)
    weight = torch.zeros((call.get("N", 0), call.get("K", 0)), dtype=data.dtype)
    return functional.linear(data, weight, call.optional(5))


OPERATORS: dict[str, TorchRule] = {
    **{"QuantizeLinear": _quantize, "DequantizeLinear": _dequantize},
    **{"com.microsoft.QuantizeLinear": _quantize, "com.microsoft.DequantizeLinear": _dequantize},
    **{"DynamicQuantizeLinear": _dynamic_quantize, "ConvInteger": _conv_integer},
    **{"MatMulInteger": _matmul_integer, "QLinearConv": _qlinear_conv, "QLinearMatMul": _qlinear_matmul},
    "com.microsoft.DynamicQuantizeMatMul": _dynamic_matmul,
    "com.microsoft.MatMulIntegerToFloat": _matmul_to_float,
    "com.microsoft.MatMulNBits": _matmul_of_few_bits,
}
