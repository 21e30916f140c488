"""What ran in a module, with every size in it changed in the same way."""

from __future__ import annotations

from dataclasses import replace

from convcost.core.cost import Cost
from convcost.core.trace import Conditional, Operation, Tensor, Trace
from convcost.symbolic.row_mapping import Change, throughout


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


def _ends(tensors: tuple[Tensor, ...], change: Change) -> tuple[Tensor, ...]:
    return tuple(tensor._replace(shape=throughout(tensor.shape, change)) for tensor in tensors)


def _operation(operation: Operation, change: Change) -> Operation:
    return operation._replace(
        inputs=throughout(operation.inputs, change),
        output=throughout(operation.output, change),
        cost=_cost(operation.cost, change),
        activations=throughout(operation.activations, change),
    )


def _conditional(found: Conditional, change: Change) -> Conditional:
    return found._replace(
        inputs=throughout(found.inputs, change),
        true=found.true and _cost(found.true, change),
        false=found.false and _cost(found.false, change),
    )


def _cost(cost: Cost, change: Change) -> Cost:
    return Cost(*throughout((cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise), change))
