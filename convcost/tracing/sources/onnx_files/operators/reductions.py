"""Reductions along axes, which are an attribute or an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from convcost.tracing.sources.onnx_files.known_values import axis_of
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall


def _reduction(function: Callable[..., Any]) -> TorchRule:
    """A reduction by `function(data, axes, keepdims)`."""

    def rule(call: NodeCall) -> Any:
        data, axes = call.tensor(0), call.optional_numbers(1, "axes")
        if not axes and call.get("noop_with_empty_axes"):
            return data
        return function(data, tuple(axes or range(data.dim())), bool(call.get("keepdims", 1)))

    return rule


def _product(data: torch.Tensor, axes: tuple[int, ...], keeps: bool) -> torch.Tensor:
    for axis in sorted((axis % data.dim() for axis in axes), reverse=True):
        data = torch.prod(data, axis, keepdim=keeps)
    return data


def _index_reduction(function: Callable[..., Any]) -> TorchRule:
    return lambda call: function(call.tensor(0), axis_of(call), bool(call.get("keepdims", 1)))


def _topk(call: NodeCall) -> Any:
    """TopK: values and indices."""
    return tuple(torch.topk(call.tensor(0), call.numbers(1)[0], axis_of(call, -1)))


def _running_sum(call: NodeCall) -> torch.Tensor:
    return torch.cumsum(call.tensor(0), call.numbers(1)[0] if call.has(1) else 0)


REDUCTIONS: dict[str, Callable[..., Any]] = {
    **{"ReduceSum": torch.sum, "ReduceMean": torch.mean, "ReduceMax": torch.amax, "ReduceMin": torch.amin},
    **{"ReduceProd": _product, "ReduceLogSumExp": torch.logsumexp},
    "ReduceL1": lambda data, axes, keeps: torch.linalg.vector_norm(data, 1, axes, keeps),
    "ReduceL2": lambda data, axes, keeps: torch.linalg.vector_norm(data, 2, axes, keeps),
    "ReduceSumSquare": lambda data, axes, keeps: torch.sum(data * data, axes, keeps),
    "ReduceLogSum": lambda data, axes, keeps: torch.log(torch.sum(data, axes, keeps)),
}

OPERATORS: dict[str, TorchRule] = {
    **{name: _reduction(function) for name, function in REDUCTIONS.items()},
    **{
        "ArgMax": _index_reduction(torch.argmax),
        "ArgMin": _index_reduction(torch.argmin),
        "TopK": _topk,
        "CumSum": _running_sum,
    },
}
