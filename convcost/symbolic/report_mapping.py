"""Rows, layers and traces with every size in them changed in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from convcost.core.cost import Cost
from convcost.core.report import Row
from convcost.core.trace import CondCall, Operation, TensorInfo, Trace
from convcost.layers.interface import Layer

Change = Callable[[Any], Any]


def mapped(row: Row, change: Change) -> Row:
    """`row` with `change` of its sizes and costs, its layer apart."""
    return row._replace(
        input=throughout(row.input, change),
        output=throughout(row.output, change),
        parameters={name: throughout(shape, change) for name, shape in row.parameters.items()},
        cost=_cost(row.cost, change),
        activations=throughout(row.activations, change),
    )


def mapped_layer(layer: Any, change: Change) -> Any:
    """`layer` with `change` of the formulas among its arguments."""
    if not isinstance(layer, Layer):
        return layer
    names = [field.name for field in fields(layer)]  # type: ignore[arg-type]
    return replace(layer, **{name: throughout(getattr(layer, name), change) for name in names})  # type: ignore[type-var]


def throughout(value: Any, change: Change) -> Any:
    """`value`, or each part of a tuple, changed if it is a formula; numbers and words stay."""
    if isinstance(value, tuple):
        return tuple(throughout(part, change) for part in value)
    return value if value is None or isinstance(value, int | str | float) else change(value)


def mapped_trace(trace: Trace, change: Change) -> Trace:
    """`trace` with `change` of its sizes and costs."""
    modules = (
        module._replace(input=throughout(module.input, change), output=throughout(module.output, change))
        for module in trace.modules
    )
    uncounted = (found._replace(inputs=throughout(found.inputs, change)) for found in trace.uncounted)
    return replace(
        trace,
        inputs=_ends(trace.inputs, change),
        outputs=_ends(trace.outputs, change),
        operations=tuple(_operation(operation, change) for operation in trace.operations),
        uncounted=tuple(uncounted),
        modules=tuple(modules),
        held=None,
        conditionals=tuple(_conditional(found, change) for found in trace.conditionals),
    )


def _ends(tensors: tuple[TensorInfo, ...], change: Change) -> tuple[TensorInfo, ...]:
    return tuple(tensor._replace(shape=throughout(tensor.shape, change)) for tensor in tensors)


def _operation(operation: Operation, change: Change) -> Operation:
    return operation._replace(
        inputs=throughout(operation.inputs, change),
        output=throughout(operation.output, change),
        cost=_cost(operation.cost, change),
        activations=throughout(operation.activations, change),
    )


def _conditional(found: CondCall, change: Change) -> CondCall:
    return found._replace(
        inputs=throughout(found.inputs, change),
        true=found.true and _cost(found.true, change),
        false=found.false and _cost(found.false, change),
    )


def _cost(cost: Cost, change: Change) -> Cost:
    return Cost(*throughout((cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise), change))
