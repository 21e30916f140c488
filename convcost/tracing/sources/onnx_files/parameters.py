"""Decide which tensors of a file are parameters: ONNX does not say.

torch's exporter (dynamo=True) records it for each tensor that it did not change. For all others:

- A float tensor is a parameter, unless nodes use it only as a setting: running statistics, scales, bounds,
  factors, padding, or the initial state of a recurrent layer.
- Exporters add tensors of their own: transposed or folded weights, masks and constants. Such a tensor is not
  a parameter if it has at most two different values, or if it is only added before a softmax.
- An integer tensor, such as a shape or indices, is not a parameter, unless it is a quantized weight: the data
  of DequantizeLinear, or the weight of a quantized convolution or product.
- A tensor in the attribute of a node, such as Constant, is not a parameter.

In an optimized file, parameters may be merged: a batch norm into the weights of the convolution before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from convcost.tracing.sources.onnx_files.graph import OnnxGraph, OnnxTensor, all_nodes
from convcost.tracing.sources.onnx_files.operators.movement import FREE_OPERATORS

SETTINGS: Mapping[str, frozenset[int]] = {
    name: frozenset(places)
    for name, places in {
        "BatchNormalization": (3, 4),
        "GRU": (4, 5),
        "LSTM": (4, 5, 6),
        "RNN": (4, 5),
        "Clip": (1, 2),
        "ConvInteger": (2, 3),
        "DequantizeLinear": (1, 2),
        "MatMulInteger": (2, 3),
        "OneHot": (1, 2),
        "Pad": (1, 2, 3),
        "QLinearConv": (1, 2, 4, 5, 6, 7),
        "QLinearMatMul": (1, 2, 4, 5, 6, 7),
        "QuantizeLinear": (1, 2),
        "Range": (0, 1, 2),
        "Resize": (1, 2, 3),
        "com.microsoft.DequantizeLinear": (1, 2),
        "com.microsoft.DynamicQuantizeMatMul": (2, 3),
        "com.microsoft.MatMulIntegerToFloat": (2, 3, 4, 5),
        "com.microsoft.MatMulNBits": (2, 3, 4),
        "com.microsoft.QuantizeLinear": (1, 2),
        "com.microsoft.RotaryEmbedding": (2, 3),
    }.items()
}
"""Inputs of operators that are settings: running statistics, scales, zero points, bounds."""

QUANTIZED_WEIGHTS: Mapping[str, frozenset[int]] = {
    "DequantizeLinear": frozenset((0,)),
    "ConvInteger": frozenset((1,)),
    "MatMulInteger": frozenset((1,)),
    "QLinearConv": frozenset((3, 8)),
    "QLinearMatMul": frozenset((3,)),
    "com.microsoft.DequantizeLinear": frozenset((0,)),
    "com.microsoft.DynamicQuantizeMatMul": frozenset((1,)),
    "com.microsoft.MatMulIntegerToFloat": frozenset((1,)),
    "com.microsoft.MatMulNBits": frozenset((1,)),
}
"""Inputs of operators that may be integer weights."""

EXPORTER_NAME = re.compile(r"(val|onnx::\w+?|const\w*)_?\d+|/.*_output_\d+|\w*scalar_tensor\w*", re.S)
"""Names of tensors that exporters add: val_42, onnx::Mul_12, /Constant_output_0."""

FEW_NUMBERS = 2
"""The number of different values in a mask, such as 0 and −∞."""

FLOATS = ("float", "bfloat", "complex")

MASKING_OPERATORS = frozenset(("Add", "Where"))
"""Operators that apply a mask before a softmax."""

Use = tuple[str, int]
"""An operator, and the index of its input that a tensor is."""

MASK: Use = ("Softmax", 1)
"""Marks the use as a mask: Softmax has no input 1."""


def uses_of_tensors(graph: OnnxGraph) -> dict[str, list[Use]]:
    """The uses of each value by name; operators that only move data are skipped."""
    found: dict[str, list[Use]] = {}
    for node in reversed([*all_nodes(graph)]):
        further = found.get(node.outputs[0], []) if node.outputs else []
        is_mask = node.op in MASKING_OPERATORS and any(op == "Softmax" for op, _ in further)
        for place, name in enumerate(node.inputs):
            is_moved = place == 0 and node.op in FREE_OPERATORS
            use = MASK if is_mask else (node.op, place)
            found.setdefault(name, []).extend(further if is_moved and further else [use])
    return found


def parameter_names(graph: OnnxGraph, uses: Mapping[str, Sequence[Use]]) -> frozenset[str]:
    """The names of the tensors in a graph that are parameters."""
    stated = (graph.declared[tensor.name] for tensor in graph.tensors if tensor.name in graph.declared)
    kinds = {found.name: found.kind for found in stated}
    says_kinds = any(kinds.values())
    return frozenset(
        stored.name
        for stored in graph.tensors
        if _is_parameter(stored, kinds.get(stored.name, ""), uses.get(stored.name, ()), says_kinds)
    )


def _is_parameter(stored: OnnxTensor, kind: str, uses: Sequence[Use], says_kinds: bool) -> bool:
    """`kind` is from the exporter, if it recorded one; `says_kinds` if it recorded kinds of other tensors."""
    if kind:
        return kind == "PARAMETER"
    if not stored.dtype.startswith(FLOATS):
        return any(place in QUANTIZED_WEIGHTS.get(op, ()) for op, place in uses)
    data = [(op, place) for op, place in uses if place not in SETTINGS.get(op, ())]
    if says_kinds or EXPORTER_NAME.fullmatch(stored.name):
        return any(use != MASK for use in data) and not _is_constant(stored)
    return bool(data) or not uses


def _is_constant(stored: OnnxTensor) -> bool:
    return stored.values is not None and len(set(stored.values.reshape(-1).tolist())) <= FEW_NUMBERS
