"""What a torch module's report has beside what every report has, as plain data."""

from __future__ import annotations

from typing import Any

from convcost.breakdown.operators import by_operator, phases
from convcost.breakdown.tree import tree
from convcost.formats.interface import View
from convcost.formats.model.selection import every
from convcost.formats.numbers import data
from convcost.operation import Conditional, Tensor, Trace, Uncounted
from convcost.quantities import Convention, Cost, Shape, Size
from convcost.report import Report

Record = dict[str, Any]


def trace_record(report: Report, trace: Trace) -> Record:
    """What went in and out, every submodule with all that is in it, every operator, what has no formula."""
    costs = {phase: _cost(cost, report.convention) for phase, cost in phases(trace).items()}
    conditionals = [_conditional(found, report.convention) for found in trace.conditionals]
    return {
        "inputs": list(map(_tensor, trace.inputs)),
        "outputs": list(map(_tensor, trace.outputs)),
        "ran_on": trace.ran,
        "partial": trace.is_partial,
        "uncounted": list(map(_uncounted, trace.uncounted)),
        **({"conditionals": conditionals} if conditionals else {}),
        "modules": module_records(report, trace, View()),
        "operators": operator_records(report, trace),
        **({"phases": costs} if costs else {}),
        "unused_parameters": list(trace.unused),
        "tied_parameters": list(map(list, trace.tied)),
        **({"unused_formulas": list(trace.unused_formulas)} if trace.unused_formulas else {}),
    }


def part_records(report: Report, trace: Trace, view: View) -> list[Record]:
    """The modules that `view` asks for, or the operators."""
    if view.by == "operator":
        return operator_records(report, trace)
    return module_records(report, trace, view)


def module_records(report: Report, trace: Trace, view: View) -> list[Record]:
    """The submodules that `view` asks for, with all that is in them; rows have only what is their own."""
    return [
        {
            "path": node.module.path,
            "kind": node.module.kind,
            "calls": node.module.calls,
            "input": _shape(node.module.input),
            "output": _shape(node.module.output),
            "params": data(node.total.params),
            **_costs(node.total.cost, node.total.activations, node.total.backward, report, trace),
        }
        for node in every(tree(report), view, report.convention)
    ]


def operator_records(report: Report, trace: Trace) -> list[Record]:
    """Every operator with all of its calls."""
    return [
        {
            "operator": total.operator,
            "calls": total.calls,
            **_costs(total.cost, total.activations, total.backward, report, trace),
            "estimated": total.estimated,
            "complex": total.complex,
            "sparse": total.sparse,
        }
        for total in by_operator(trace)
    ]


def _costs(cost: Cost, activations: Size, backward: Cost, report: Report, trace: Trace) -> Record:
    """The forward, and the backward if it ran."""
    back = _cost(backward, report.convention).items() if phases(trace) else ()
    return {
        **_cost(cost, report.convention),
        "activations": data(activations),
        **{f"backward_{name}": value for name, value in back},
    }


def _cost(cost: Cost, convention: Convention) -> Record:
    return {
        "macs": data(cost.macs),
        "valid_macs": data(cost.valid_macs),
        "flops": data(cost.flops(convention)),
        "bias_adds": data(cost.bias_adds),
        "elementwise": data(cost.elementwise),
    }


def _tensor(tensor: Tensor) -> Record:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": _shape(tensor.shape)}


def _uncounted(found: Uncounted) -> Record:
    record = {**found._asdict(), "inputs": list(map(_shape, found.inputs))}
    return record if found.reason else {name: record[name] for name in record if name != "reason"}


def _conditional(found: Conditional, convention: Convention) -> Record:
    return {
        **found._asdict(),
        "inputs": list(map(_shape, found.inputs)),
        "true": found.true and _cost(found.true, convention),
        "false": found.false and _cost(found.false, convention),
    }


def _shape(shape: Shape | None) -> list[Any] | None:
    return None if shape is None else list(map(data, shape))
