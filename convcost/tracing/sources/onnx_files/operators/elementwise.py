"""Elementwise operators: arithmetic, comparisons, activations."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch.nn import functional

from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall, is_known


def _unary(function: Callable[..., Any]) -> TorchRule:
    return lambda call: function(call.tensor(0))


def _binary(function: Callable[..., Any]) -> TorchRule:
    return lambda call: function(call.tensor(0), call.tensor(1))


def _variadic(function: Callable[..., Any]) -> TorchRule:
    return lambda call: reduce(function, call.tensors)


def _div(call: NodeCall) -> torch.Tensor:
    is_integral = not call.tensor(0).is_floating_point()
    return torch.div(call.tensor(0), call.tensor(1), rounding_mode="trunc" if is_integral else None)


def _mean(call: NodeCall) -> torch.Tensor:
    mean: torch.Tensor = reduce(torch.add, call.tensors) / len(call.inputs)
    return mean


def _clip(call: NodeCall) -> torch.Tensor:
    """Clip. Without bounds it does nothing."""
    bounds = [
        call.inputs[place].numbers[0]
        if call.has(place) and is_known(call.inputs[place])
        else call.optional(place)
        for place in (1, 2)
    ]
    if bounds == [None, None]:
        return call.tensor(0)
    return torch.clamp(call.tensor(0), *bounds)


def _gelu(call: NodeCall) -> torch.Tensor:
    return functional.gelu(call.tensor(0), approximate=call.get("approximate", "none"))


def _bias_gelu(call: NodeCall) -> torch.Tensor:
    return functional.gelu(call.tensor(0) + call.tensor(1))


def _fast_gelu(call: NodeCall) -> torch.Tensor:
    data = call.tensor(0) + call.tensor(1) if call.has(1) else call.tensor(0)
    return functional.gelu(data, approximate="tanh")


def _quick_gelu(call: NodeCall) -> torch.Tensor:
    return call.tensor(0) * torch.sigmoid(call.tensor(0) * 1.702)


def _affine(call: NodeCall) -> torch.Tensor:
    made: torch.Tensor = call.tensor(0) * call.get("alpha", 1.0) + call.get("beta", 0.0)
    return made


def _shift(call: NodeCall) -> torch.Tensor:
    left = call.get("direction") == "LEFT"
    shift: Any = torch.bitwise_left_shift if left else torch.bitwise_right_shift
    made: torch.Tensor = shift(call.tensor(0), call.tensor(1))
    return made


def _prelu(data: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """PReLU. torch's takes one slope, or one for each channel; other slopes are multiplied."""
    if slope.numel() in (1, data.shape[1] if data.dim() > 1 else 1):
        return functional.prelu(data, slope.reshape(-1))
    return torch.where(data < 0, data * slope, data)


UNARY: dict[str, Callable[..., Any]] = {
    **{"Abs": torch.abs, "Neg": torch.neg, "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt},
    **{"Reciprocal": torch.reciprocal, "Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round},
    **{"Sign": torch.sign, "Erf": torch.erf, "Sin": torch.sin, "Cos": torch.cos, "Tan": torch.tan},
    **{"Asin": torch.asin, "Acos": torch.acos, "Atan": torch.atan, "Sinh": torch.sinh, "Cosh": torch.cosh},
    **{"Asinh": torch.asinh, "Acosh": torch.acosh, "Atanh": torch.atanh, "Not": torch.logical_not},
    **{"IsNaN": torch.isnan, "IsInf": torch.isinf, "BitwiseNot": torch.bitwise_not, "Det": torch.linalg.det},
    **{
        "Relu": functional.relu,
        "Sigmoid": torch.sigmoid,
        "Tanh": torch.tanh,
        "Softplus": functional.softplus,
    },
    **{"Softsign": functional.softsign, "HardSwish": functional.hardswish, "Mish": functional.mish},
    **{"Elu": functional.elu, "Selu": functional.selu, "Celu": functional.celu, "Swish": functional.silu},
    **{
        "LeakyRelu": functional.leaky_relu,
        "ThresholdedRelu": functional.relu,
        "Shrink": functional.hardshrink,
    },
}

BINARY: dict[str, Callable[..., Any]] = {
    **{"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Pow": torch.pow, "Mod": torch.remainder},
    **{"Equal": torch.eq, "Less": torch.lt, "Greater": torch.gt, "LessOrEqual": torch.le},
    **{
        "GreaterOrEqual": torch.ge,
        "And": torch.logical_and,
        "Or": torch.logical_or,
        "Xor": torch.logical_xor,
    },
    **{"BitwiseAnd": torch.bitwise_and, "BitwiseOr": torch.bitwise_or, "BitwiseXor": torch.bitwise_xor},
    "PRelu": _prelu,
}

OPERATORS: dict[str, TorchRule] = {
    **{name: _unary(function) for name, function in UNARY.items()},
    **{name: _binary(function) for name, function in BINARY.items()},
    **{"Max": _variadic(torch.maximum), "Min": _variadic(torch.minimum), "Sum": _variadic(torch.add)},
    **{"Mean": _mean, "Div": _div, "Clip": _clip, "BitShift": _shift},
    **{"Gelu": _gelu, "com.microsoft.Gelu": _gelu, "com.microsoft.FastGelu": _fast_gelu},
    **{"com.microsoft.BiasGelu": _bias_gelu, "com.microsoft.QuickGelu": _quick_gelu},
    **{"HardSigmoid": _unary(functional.hardsigmoid), "Affine": _affine},
}
