"""What each part of a design computes and moves: of a spec each layer, of a module each operator it runs."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.roofline import calls
from convcost.analysis.roofline.bound import Part
from convcost.core import arithmetic
from convcost.core.cost import Convention, Cost, Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.report import Report, Row
from convcost.core.trace import Operation
from convcost.layers.interface import Layer


def parts(report: Report, dtype: str = "") -> Iterator[Part]:
    """The parts of `report` in order of running, its floats in `dtype`, or all as they are.

    Of a module those that compute nothing, as copies and lookups, are left out: nothing is known of them.
    """
    itemsize = ITEMSIZES[dtype or report.dtype]
    if report.trace:
        for operation in report.trace.operations:
            moves = operation.bytes(itemsize, in_own_dtypes=not dtype)
            yield _of_operation(operation, report.convention, moves)
    else:
        for row in report.rows:
            yield _of_row(row, report.convention, itemsize)


def _of_operation(operation: Operation, convention: Convention, moves: Size) -> Part:
    return Part(
        operation.path,
        operation.operator.removeprefix("aten::"),
        operation.cost.flops(convention),
        moves,
        operation.calls,
        operation.phase,
        calls.of_operation(operation),
    )


def _of_row(row: Row, convention: Convention, itemsize: int) -> Part:
    label = f"{row.path} {row.layer}"
    return Part(
        row.path,
        label,
        row.cost.flops(convention),
        moved(row, itemsize),
        row.calls,
        call=calls.of_layer(row.layer),
    )


def moved(row: Row, itemsize: int) -> Size:
    """Bytes that a layer reads and writes: input, parameters and output, each once.

    A lookup reads of its table as much as it writes; a view, which computes nothing, moves nothing.
    """
    if isinstance(row.layer, Layer) and row.layer.shares_memory(training=False) and row.cost == Cost():
        return 0
    is_lookup = isinstance(row.layer, Layer) and row.layer.looks_up
    read = arithmetic.elements(row.output) if is_lookup else row.params
    indices = arithmetic.elements(row.input) * (row.input_itemsize or itemsize)
    return indices + (read + arithmetic.elements(row.output)) * itemsize
