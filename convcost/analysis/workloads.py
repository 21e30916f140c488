"""The parts of a design that take time: what each computes, and the bytes that it moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Convention, Cost, Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.report import Report
from convcost.core.row import InputShape, LayerLike, Row
from convcost.core.trace import Operation, Phase
from convcost.devices.names import Call
from convcost.layers.interface import INDEX_DTYPE, Layer


class Workload(NamedTuple):
    """A layer, or an operator that a module runs: what all its calls compute, and the bytes they move."""

    path: str
    label: str
    flops: Size
    bytes: Size
    calls: int = 1
    phase: Phase = "forward"
    call: Call = "layer"


def workloads(report: Report, dtype: str = "") -> Iterator[Workload]:
    """The parts of `report` in order of running, its floats in `dtype`, or all as they are.

    Of a module those that compute nothing, as copies and lookups, are left out: nothing is known of them.
    """
    itemsize = ITEMSIZES[dtype or report.dtype]
    if report.trace:
        for operation in report.trace.operations:
            moves = operation.bytes(itemsize, in_own_dtypes=not dtype)
            yield _operation_workload(operation, report.convention, moves)
    else:
        for row in map(_without_own_dtypes, report.rows) if dtype else report.rows:
            yield from _row_workloads(row, report.convention, itemsize)


def workload_label(operator: str) -> str:
    """The name of an operator as its workloads have it."""
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
    """The forward of a layer, and each of its gradients that costs something, if these are counted."""
    moves = bytes_moved(row, itemsize)
    call = layer_call(row.layer)
    label = f"{row.path} {row.layer}"
    forward = Workload(row.path, label, row.cost.flops(convention), moves, row.calls, call=call)
    yield forward
    for phase, cost in zip(GRADIENT_PHASES, row.gradients or (), strict=False):
        if cost != Cost():
            flops = cost.flops(convention)
            yield forward._replace(flops=flops, bytes=_gradient_bytes(row, cost, itemsize), phase=phase)


def _without_own_dtypes(row: Row) -> Row:
    """The row with all its floats in the dtype of the design; indices stay."""
    further = (
        tensor if tensor.dtype == INDEX_DTYPE else InputShape(tensor.shape) for tensor in row.further_inputs
    )
    is_index = isinstance(row.layer, Layer) and row.layer.input_dtype(0)
    return row._replace(
        input_itemsize=row.input_itemsize if is_index else None,
        output_itemsize=None,
        stored=None,
        further_inputs=tuple(further),
    )


GRADIENT_PHASES: tuple[Phase, ...] = ("gradient by input", "gradient by weight")


def _gradient_bytes(row: Row, cost: Cost, itemsize: int) -> Size:
    """A gradient of a contraction moves as much as its forward, as each of three tensors is its output once.

    One of elementwise work reads the input or the output beside the gradient by the output.
    """
    moves = bytes_moved(row, itemsize)
    return moves if cost.macs != 0 else moves + row.input_bytes(itemsize)


def bytes_moved(row: Row, itemsize: int) -> Size:
    """Bytes that a layer reads and writes: its inputs, parameters and output, each tensor once.

    A lookup reads some rows of its table; a view, which computes nothing, moves nothing.
    """
    if isinstance(row.layer, Layer) and row.layer.shares_memory(training=False) and row.cost == Cost():
        return 0
    looked_up = row.layer.elements_looked_up(row.input) if isinstance(row.layer, Layer) else None
    own = row.output_itemsize or itemsize
    read = row.parameter_bytes(itemsize) if looked_up is None else looked_up * own
    inputs = arithmetic.total([*row.bytes_by_source(itemsize).values()], 0)
    return inputs + read + row.output_bytes(itemsize)


WEIGHT = 1
"""The place of a convolution's weight among its inputs."""


def layer_call(layer: LayerLike) -> Call:
    """The kind of call by the layer's groups: what has none is no convolution."""
    groups: Size | None = getattr(layer, "groups", None)
    return "layer" if groups is None else _convolution(groups == 1)


def operation_call(operation: Operation) -> Call:
    """The kind of call by the operator's name and shapes.

    A weight has the channels of a group second; a transposed one has the outputs of a group there.
    """
    if "conv" not in operation.operator or len(operation.inputs) <= WEIGHT:
        return "layer"
    weight = operation.inputs[WEIGHT]
    is_transposed = "transpose" in operation.operator
    full = operation.output if is_transposed else operation.inputs[0]
    return _convolution(full[1 - len(weight)] == weight[1])


def _convolution(is_whole: bool) -> Call:
    return "convolution" if is_whole else "grouped convolution"
