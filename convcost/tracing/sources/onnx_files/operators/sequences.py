"""Sequences of tensors, as Python lists."""

from __future__ import annotations

from typing import Any

import torch

from convcost.tracing.sources.onnx_files.known_values import axis_of
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall, as_tensor, known_tensor


def _insert(call: NodeCall) -> Any:
    found = list(call.inputs[0])
    found.insert(call.numbers(2)[0] if call.has(2) else len(found), call.inputs[1])
    return found


def _erase(call: NodeCall) -> Any:
    found = list(call.inputs[0])
    del found[call.numbers(1)[0] if call.has(1) else -1]
    return found


def _concat(call: NodeCall) -> torch.Tensor:
    parts = [as_tensor(value) for value in call.inputs[0]]
    return (torch.stack if call.get("new_axis") else torch.cat)(parts, axis_of(call))


def _split(call: NodeCall) -> Any:
    data, axis = call.tensor(0), axis_of(call)
    sizes = call.optional_numbers(1)
    parts = list(torch.split(data, 1 if sizes is None else sizes[0] if len(sizes) == 1 else sizes, axis))
    drops = sizes is None and not call.get("keepdims", 1)
    return [part.squeeze(axis) for part in parts] if drops else parts


OPERATORS: dict[str, TorchRule] = {
    "SequenceConstruct": lambda call: list(call.inputs),
    "SequenceEmpty": lambda call: [],
    **{"SequenceInsert": _insert, "SequenceErase": _erase},
    "SequenceAt": lambda call: call.inputs[0][call.numbers(1)[0]],
    "SequenceLength": lambda call: known_tensor([len(call.inputs[0])]),
    **{"ConcatFromSequence": _concat, "SplitToSequence": _split},
}
