"""What a torch module's report has beside what every report has, as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from convcost.analysis.breakdown import (
    ModuleTotals,
    Node,
    module_tree,
    operator_totals,
    parent_paths,
    phase_costs,
)
from convcost.core.cost import Convention, Cost, Shape, Size
from convcost.core.report import Report
from convcost.core.trace import CondCall, SubmoduleRun, TensorInfo, Trace, UncountedCall
from convcost.render.formulas import data
from convcost.render.model_modules import all_modules
from convcost.render.style import View

Record = dict[str, Any]

REST = "(rest)"
"""What a module has apart from the rows below it."""


def trace_record(report: Report, trace: Trace) -> Record:
    """What went in and out, every submodule with all that is in it, every operator, what has no formula."""
    costs = {phase: _cost(cost, report.convention) for phase, cost in phase_costs(trace).items()}
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
    return list(_leveled(report, trace, view))


def _leveled(report: Report, trace: Trace, view: View) -> Iterator[Record]:
    """As `module_records`, each with its level; those whose `part` is "leaf" add up to all of them.

    What is in a module but in none of the rows below it is one more row.
    """
    nodes = all_modules(module_tree(report), view, report.convention)
    shown = {node.module.path for node in nodes}
    parents = {outer for path in shown for outer in _outside(path, shown)}
    for node in nodes:
        path = node.module.path
        outer = _outside(path, shown)
        part = "leaf" if path not in parents else "inner" if outer or view.filter else "total"
        yield _module(node.module, node.total, report, trace) | {"level": len(outer), "part": part}
        rest = _rest(node, shown) if path in parents else ModuleTotals()
        if rest != ModuleTotals():
            unseen = SubmoduleRun(
                f"{path}.{REST}" if path else REST, node.module.kind, None, None, node.module.calls
            )
            yield _module(unseen, rest, report, trace) | {"level": len(outer) + 1, "part": "leaf"}


def _outside(path: str, shown: Set[str]) -> list[str]:
    """The paths of the rows that have what `path` has too."""
    return [outer for outer in (*parent_paths(path), "") if outer in shown and outer != path]


def _rest(node: Node, shown: Set[str]) -> ModuleTotals:
    """What is in `node`, but in no row below it."""
    hidden = (child for child in node.children if child.module.path not in shown)
    return sum((_rest(child, shown) for child in hidden), node.own)


def module_records(report: Report, trace: Trace, view: View) -> list[Record]:
    """The submodules that `view` asks for, with all that is in them; rows have only what is their own."""
    nodes = all_modules(module_tree(report), view, report.convention)
    return [_module(node.module, node.total, report, trace) for node in nodes]


def _module(module: SubmoduleRun, share: ModuleTotals, report: Report, trace: Trace) -> Record:
    return {
        "path": module.path,
        "kind": module.kind,
        "calls": module.calls,
        "input": _shape(module.input),
        "output": _shape(module.output),
        "params": data(share.params),
        "trainable_params": data(share.trainable_params),
        **_costs(share.cost, share.activations, share.backward, report, trace),
    }


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
        for total in operator_totals(trace)
    ]


def _costs(cost: Cost, activations: Size, backward: Cost, report: Report, trace: Trace) -> Record:
    """The forward, and the backward if it ran."""
    back = _cost(backward, report.convention).items() if phase_costs(trace) else ()
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


def _tensor(tensor: TensorInfo) -> Record:
    return {"name": tensor.name, "dtype": tensor.dtype, "shape": _shape(tensor.shape)}


def _uncounted(found: UncountedCall) -> Record:
    record = {**found._asdict(), "inputs": list(map(_shape, found.inputs))}
    return record if found.reason else {name: record[name] for name in record if name != "reason"}


def _conditional(found: CondCall, convention: Convention) -> Record:
    return {
        **found._asdict(),
        "inputs": list(map(_shape, found.inputs)),
        "true": found.true and _cost(found.true, convention),
        "false": found.false and _cost(found.false, convention),
    }


def _shape(shape: Shape | None) -> list[Any] | None:
    return None if shape is None else list(map(data, shape))
