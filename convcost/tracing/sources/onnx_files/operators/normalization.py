"""Normalization, softmax and dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from convcost.tracing.sources.onnx_files.known_values import axis_of
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall


def _batch_norm(call: NodeCall) -> Any:
    """Batch norm with running statistics, or in training mode with those of the input."""
    data, weight, bias, mean, variance = (call.tensor(place) for place in range(5))
    if call.get("training_mode"):
        return functional.batch_norm(data, None, None, weight, bias, True), mean, variance
    return functional.batch_norm(data, mean, variance, weight, bias, False)


def _instance_norm(call: NodeCall) -> torch.Tensor:
    return functional.instance_norm(call.tensor(0), weight=call.tensor(1), bias=call.tensor(2))


def _layer_norm(call: NodeCall) -> Any:
    """The norm, then mean and inverse deviation if they are outputs."""
    data, axis = call.tensor(0), axis_of(call, -1)
    made = _norm_over_last(data, data.shape[axis:], call.tensor(1), call.optional(2))
    statistics = data.new_zeros((*data.shape[:axis], *[1] * len(data.shape[axis:])))
    return (made, statistics, statistics)[: call.outputs]


def _norm_over_last(
    data: torch.Tensor, shape: Sequence[Any], weight: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """torch's layer norm; a weight of another shape, such as a scalar, is multiplied separately."""
    if weight.shape == torch.Size(shape) and (bias is None or bias.shape == weight.shape):
        return functional.layer_norm(data, tuple(shape), weight, bias)
    made = functional.layer_norm(data, tuple(shape)) * weight
    return made if bias is None else made + bias


def _group_norm(call: NodeCall) -> torch.Tensor:
    """Group norm with a weight for each channel, or before opset 21 for each group."""
    data, weight, bias, groups = call.tensor(0), call.tensor(1), call.tensor(2), call.get("num_groups", 1)
    channels = data.shape[1]
    if weight.shape[0] != channels:
        weight, bias = (tensor.repeat_interleave(channels // groups) for tensor in (weight, bias))
    return functional.group_norm(data, groups, weight, bias)


def _rms_norm(call: NodeCall) -> torch.Tensor:
    data, axis = call.tensor(0), axis_of(call, -1)
    return functional.rms_norm(data, tuple(data.shape[axis:]), call.tensor(1))


def _skip_norm(has_mean: bool) -> TorchRule:
    """The norm of the sum of two inputs and an optional bias; the sum is the last of four outputs."""

    def rule(call: NodeCall) -> Any:
        data = call.tensor(0) + call.tensor(1)
        bias = call.optional(4 if has_mean else 3)
        data = data if bias is None else data + bias
        shape = (data.shape[-1],)
        if has_mean:
            made = functional.layer_norm(data, shape, call.tensor(2), call.optional(3))
        else:
            made = functional.rms_norm(data, shape, call.tensor(2))
        return (made, None, None, data)[: call.outputs]

    return rule


def _softmax(call: NodeCall) -> torch.Tensor:
    return functional.softmax(call.tensor(0), axis_of(call, -1))


def _log_softmax(call: NodeCall) -> torch.Tensor:
    return functional.log_softmax(call.tensor(0), axis_of(call, -1))


def _hardmax(call: NodeCall) -> torch.Tensor:
    return torch.zeros_like(call.tensor(0))


def _lp_norm(call: NodeCall) -> torch.Tensor:
    return functional.normalize(call.tensor(0), float(call.get("p", 2)), axis_of(call, -1))


def _mean_variance(call: NodeCall) -> torch.Tensor:
    data, axes = call.tensor(0), tuple(call.get("axes", (0, 2, 3)))
    centered = data - data.mean(axes, keepdim=True)
    return centered / torch.sqrt((centered * centered).mean(axes, keepdim=True))


def _local_response(call: NodeCall) -> torch.Tensor:
    return functional.local_response_norm(call.tensor(0), call.get("size", 1))


def _dropout(call: NodeCall) -> Any:
    """Dropout in inference: the input itself; the mask is the second output."""
    return (call.tensor(0), torch.ones_like(call.tensor(0), dtype=torch.bool))[: call.outputs]


OPERATORS: dict[str, TorchRule] = {
    **{"BatchNormalization": _batch_norm, "InstanceNormalization": _instance_norm},
    **{"LayerNormalization": _layer_norm, "GroupNormalization": _group_norm, "LRN": _local_response},
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization"), _rms_norm),
    "com.microsoft.SkipLayerNormalization": _skip_norm(has_mean=True),
    "com.microsoft.SkipSimplifiedLayerNormalization": _skip_norm(has_mean=False),
    **{"Softmax": _softmax, "LogSoftmax": _log_softmax, "Hardmax": _hardmax, "Dropout": _dropout},
    **{"LpNormalization": _lp_norm, "MeanVarianceNormalization": _mean_variance},
}
