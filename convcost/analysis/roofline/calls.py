"""What kind of call a part is: what it takes beside its work differs by that."""

from __future__ import annotations

from convcost.core.cost import Size
from convcost.core.report import Described
from convcost.core.trace import Operation
from convcost.devices.device import Call

WEIGHT = 1
"""The place of a convolution's weight among its inputs."""


def of_layer(layer: Described) -> Call:
    """By its groups: what has none is no convolution."""
    groups: Size | None = getattr(layer, "groups", None)
    return "layer" if groups is None else _convolution(groups == 1)


def of_operation(operation: Operation) -> Call:
    """By its name and shapes: a weight has the channels of a group second; transposed, the outputs of one."""
    if "conv" not in operation.operator or len(operation.inputs) <= WEIGHT:
        return "layer"
    weight = operation.inputs[WEIGHT]
    is_transposed = "transpose" in operation.operator
    full = operation.output if is_transposed else operation.inputs[0]
    return _convolution(full[1 - len(weight)] == weight[1])


def _convolution(is_whole: bool) -> Call:
    return "convolution" if is_whole else "grouped convolution"
