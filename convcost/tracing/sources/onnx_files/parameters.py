"""Which of the tensors in a file are parameters, which ONNX does not say.

torch's exporter by torch.export writes it down of each tensor that it leaves as it was. Of all others:

- A tensor of floats is a parameter, but for running statistics, scales, and what else a node takes as a
  setting: bounds, factors, padding; and but for a single number whose name an exporter made up.
- A tensor of integers is none, such as a shape or indices, but for a weight that is quantized: the data of
  DequantizeLinear, and what quantized convolutions and products take as a weight.
- What is in no initializer, but in the attribute of a node such as Constant, is none.

A file that was optimized has what its optimizer made of parameters: the norm that follows a convolution is in
the weights of that convolution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from convcost.core import arithmetic
from convcost.tracing.sources.onnx_files.graph import Graph, StoredTensor, all_nodes

SETTINGS: Mapping[str, frozenset[int]] = {
    name: frozenset(places)
    for name, places in {
        "BatchNormalization": (3, 4),
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
"""The inputs of operators that are no data of the model: running statistics, scales, zero points, bounds."""

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
"""The inputs of operators that may be weights in integers."""

MADE_UP = re.compile(r"(val|onnx::\w+?|_v|const\w*)_?\d+|/.*_output_\d+|.*scalar_tensor.*", re.S)
"""Names that exporters give to constants of their own: val_42, onnx::Mul_12, /Constant_output_0."""

FLOATS = ("float", "bfloat", "complex")

Use = tuple[str, int]
"""An operator, and which of its inputs a tensor is."""


def uses_of_tensors(graph: Graph) -> dict[str, list[Use]]:
    """By the name of a value, what takes it."""
    found: dict[str, list[Use]] = {}
    for node in all_nodes(graph):
        for place, name in enumerate(node.inputs):
            found.setdefault(name, []).append((node.op, place))
    return found


def is_parameter(stored: StoredTensor, kind: str, uses: Sequence[Use]) -> bool:
    """Whether a tensor is a parameter, by what the exporter says of its `kind` and by what takes it."""
    if kind:
        return kind == "PARAMETER"
    if not stored.dtype.startswith(FLOATS):
        return any(place in QUANTIZED_WEIGHTS.get(op, ()) for op, place in uses)
    if uses and all(place in SETTINGS.get(op, ()) for op, place in uses):
        return False
    is_number = arithmetic.elements(stored.shape) == 1
    return not (is_number and MADE_UP.fullmatch(stored.name))
