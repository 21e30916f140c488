"""Reports in another dtype: all floating-point tensors are taken to have it. Other tensors keep their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from convcost.core.distributed import Collective, CollectiveCall, DistributedRun
from convcost.core.dtypes import ITEMSIZES, is_float_dtype
from convcost.core.generation import CachedTensor, PhaseRun
from convcost.core.report import Report
from convcost.core.row import InputShape, Row
from convcost.core.tensor_bytes import ElementType
from convcost.core.trace import Operation, TensorInfo, Trace
from convcost.core.weights import WeightsReport


def with_float_dtype(report: Report, dtype: str) -> Report:
    """The report with all floating-point tensors in `dtype`; weights in a file are as they are stored."""
    if isinstance(report, WeightsReport):
        return report
    itemsize = ITEMSIZES[dtype]
    return replace(
        report,
        dtype=dtype,
        rows=tuple(_row(row, itemsize) for row in report.rows),
        inputs=tuple(map(_input, report.inputs)),
        trace=report.trace and _trace(report.trace, dtype),
        distributed=report.distributed and _distributed(report.distributed, dtype),
    )


def _row(row: Row, itemsize: int) -> Row:
    return row._replace(
        input_type=_type(row.input_type, itemsize),
        output_type=_type(row.output_type, itemsize),
        stored=row.stored and row.stored.with_floats(itemsize),
        further_inputs=tuple(map(_input, row.further_inputs)),
    )


def _type(found: ElementType | None, itemsize: int) -> ElementType | None:
    return found and found.with_floats(itemsize)


def _input(tensor: InputShape) -> InputShape:
    return tensor._replace(dtype="") if is_float_dtype(tensor.dtype) else tensor


def _trace(trace: Trace, dtype: str) -> Trace:
    itemsize = ITEMSIZES[dtype]
    modules = (
        module._replace(bytes=module.bytes and module.bytes.with_floats(itemsize)) for module in trace.modules
    )
    return trace._replace(
        inputs=tuple(_converted(tensor, dtype) for tensor in trace.inputs),
        outputs=tuple(_converted(tensor, dtype) for tensor in trace.outputs),
        operations=tuple(_operation(operation, itemsize) for operation in trace.operations),
        modules=tuple(modules),
        collectives=tuple(_collective(collective, dtype) for collective in trace.collectives),
        generation=trace.generation and _generation(trace.generation, dtype),
    )


Tensor = TypeVar("Tensor", TensorInfo, CachedTensor, CollectiveCall)


def _converted(tensor: Tensor, dtype: str) -> Tensor:
    is_float = is_float_dtype(tensor.dtype)
    return tensor._replace(dtype=dtype, itemsize=ITEMSIZES[dtype]) if is_float else tensor


def _operation(operation: Operation, itemsize: int) -> Operation:
    return operation._replace(elements=tuple(each.with_floats(itemsize) for each in operation.elements))


def _generation(run: PhaseRun, dtype: str) -> PhaseRun:
    return run._replace(cache=tuple(_converted(tensor, dtype) for tensor in run.cache))


def _collective(collective: Collective, dtype: str) -> Collective:
    return collective._replace(call=_converted(collective.call, dtype))


def _distributed(run: DistributedRun, dtype: str) -> DistributedRun:
    return run._replace(
        per_rank=with_float_dtype(run.per_rank, dtype),
        collectives=tuple(_collective(collective, dtype) for collective in run.collectives),
    )
