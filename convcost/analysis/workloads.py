"""The parts of a design that take time: their FLOPs, and the bytes that they move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Convention, Cost, Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.float_dtype import with_float_dtype
from convcost.core.report import Report
from convcost.core.row import LayerLike, Row
from convcost.core.trace import Operation, Phase
from convcost.devices.names import Call
from convcost.layers.interface import Layer


class Workload(NamedTuple):
    """A layer, or an operator of a module: FLOPs and bytes of all its calls."""

    path: str
    label: str
    flops: Size
    bytes: Size
    calls: int = 1
    phase: Phase = "forward"
    call: Call = "layer"


def workloads(report: Report, dtype: str = "") -> Iterator[Workload]:
    """The parts of `report` in execution order, with floats in `dtype` if given.

    For a module, parts without arithmetic, such as copies and lookups, are not known, and omitted.
    """
    if dtype:
        report = with_float_dtype(report, dtype)
    itemsize = ITEMSIZES[report.dtype]
    if report.trace:
        for operation in report.trace.operations:
            yield _operation_workload(operation, report.convention, operation.bytes(itemsize))
    else:
        for row in report.rows:
            yield from _row_workloads(row, report.convention, itemsize)


def workload_label(operator: str) -> str:
    """The label of an operator's workloads."""
    return operator.removeprefix("aten::")


def _operation_workload(operation: Operation, convention: Convention, moves: Size) -> Workload:
    return Workload(
        operation.path,
        workload_label(operation.operator),
        operation.cost.flops(convention),
        moves,
        operation.calls,
        operation.phase,
        operation_call(operation),
    )


def _row_workloads(row: Row, convention: Convention, itemsize: int) -> Iterator[Workload]:
    """The forward pass of a layer, and its gradients with a nonzero cost, if counted."""
    moves = bytes_moved(row, itemsize)
    call = layer_call(row.layer)
    label = f"{row.path} {row.layer}"
    forward = Workload(row.path, label, row.cost.flops(convention), moves, row.calls, call=call)
    yield forward
    for phase, cost in zip(GRADIENT_PHASES, row.gradients or (), strict=False):
        if cost != Cost():
            flops = cost.flops(convention)
            yield forward._replace(flops=flops, bytes=_gradient_bytes(row, cost, itemsize), phase=phase)


GRADIENT_PHASES: tuple[Phase, ...] = ("gradient by input", "gradient by weight")


def _gradient_bytes(row: Row, cost: Cost, itemsize: int) -> Size:
    """Bytes that a gradient moves: for a contraction as many as the forward pass.

    A gradient of elementwise work also reads the input or the output.
    """
    moves = bytes_moved(row, itemsize)
    return moves if cost.macs != 0 else moves + row.input_bytes(itemsize)


def bytes_moved(row: Row, itemsize: int) -> Size:
    """Bytes that a layer reads and writes: its inputs, parameters and output, each tensor once.

    A lookup reads only rows of its table; a view moves nothing.
    """
    if isinstance(row.layer, Layer) and row.layer.shares_memory(training=False) and row.cost == Cost():
        return 0
    looked_up = row.layer.elements_looked_up(row.input) if isinstance(row.layer, Layer) else None
    read = row.parameter_bytes(itemsize) if looked_up is None else looked_up * row.output_itemsize(itemsize)
    inputs = arithmetic.total([*row.bytes_by_source(itemsize).values()], 0)
    return inputs + read + row.output_bytes(itemsize)


WEIGHT = 1
"""The index of a convolution's weight among its inputs."""


def layer_call(layer: LayerLike) -> Call:
    """The kind of call, by the layer's groups; a layer without groups is not a convolution."""
    groups: Size | None = getattr(layer, "groups", None)
    return "layer" if groups is None else _convolution(groups == 1)


def operation_call(operation: Operation) -> Call:
    """The kind of call, by the operator's name and shapes.

    The second dimension of a weight is the input channels per group, or for a transposed convolution the
    output channels per group.
    """
    if "conv" not in operation.operator or len(operation.inputs) <= WEIGHT:
        return "layer"
    weight = operation.inputs[WEIGHT]
    is_transposed = "transpose" in operation.operator
    full = operation.output if is_transposed else operation.inputs[0]
    return _convolution(full[1 - len(weight)] == weight[1])


def _convolution(is_whole: bool) -> Call:
    return "convolution" if is_whole else "grouped convolution"
