"""Groups the parts of a roofline into lines: by layer, submodule or operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from convcost.analysis.breakdown import OperatorTotal, module_tree, operator_totals
from convcost.analysis.roofline import Roofline
from convcost.analysis.workloads import Workload, workload_label
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.render.layer_table import TableGroup, select_layers
from convcost.render.model_tables import ShownModule, module_label, select
from convcost.render.operator_tables import operator_name, select_operators
from convcost.render.part_order import others_label
from convcost.render.style import View

Predicate = Callable[[Workload], bool]


class WorkloadGroup(NamedTuple):
    """A line's label, and the predicate of its workloads; it stands for `copies` equal modules."""

    label: str
    selects: Predicate
    depth: int = 0
    copies: int = 1


def workload_groups(report: Report, roofline: Roofline, view: View) -> list[WorkloadGroup]:
    """The groups that `view` selects, in its order."""
    if report.trace is None:
        return _layers(report, view)
    if view.by == "operator":
        return _operators(report, report.trace, roofline, view)
    return _modules(report, roofline, view)


def group_heading(report: Report, roofline: Roofline, view: View) -> str:
    """The heading of the groups: layer; module, training step."""
    return f"{group_kind(report, view)}{', training step' if roofline.is_training_step else ''}"


def group_kind(report: Report, view: View) -> str:
    """What a group is."""
    if report.trace is None:
        return "layer"
    return "operator" if view.by == "operator" else "module"


def _layers(report: Report, view: View) -> list[WorkloadGroup]:
    shown = select_layers(report, view)
    groups = [WorkloadGroup(group.label, _select_layers([group])) for group in shown.items]
    return groups + _others(len(shown.others), _select_layers(shown.others))


def _select_layers(groups: Iterable[TableGroup]) -> Predicate:
    paths = {row.path for group in groups for row in group.rows}
    return lambda part: part.path in paths


def _others(number: int, selects: Predicate) -> list[WorkloadGroup]:
    """A group for all smaller parts, if any."""
    return [WorkloadGroup(others_label(number), selects)] if number else []


def _modules(report: Report, roofline: Roofline, view: View) -> list[WorkloadGroup]:
    selection = select(module_tree(report), view, report.convention)
    groups = [
        WorkloadGroup(module_label(shown), _select_module(shown), shown.depth, shown.node.copies)
        for shown in selection.modules
    ]
    in_others = list(map(_select_module, selection.others))
    groups += _others(len(in_others), lambda part: any(is_in(part) for is_in in in_others))
    outside = roofline.select(lambda part: not part.path)
    found = (*selection.modules, *selection.others)
    if outside.bytes and not any(shown.is_itself and not shown.node.module.path for shown in found):
        label = "outside, elementwise gradients" if roofline.is_training_step else "outside of modules"
        groups.append(WorkloadGroup(label, lambda part: not part.path))
    return groups


def _select_module(shown: ShownModule) -> Predicate:
    """Selects parts that run in the module, or outside its submodules if the line is the module itself."""
    path = shown.node.module.path
    if shown.is_itself:
        return lambda part: part.path == path
    return lambda part: part.path == path or part.path.startswith(f"{path}.")


def _operators(report: Report, trace: Trace, roofline: Roofline, view: View) -> list[WorkloadGroup]:
    """The operators that `view` selects, in its order, or else the longest first."""
    shown = select_operators(operator_totals(trace), view, report.convention)
    groups = [
        WorkloadGroup(operator_name(total.operator), _select_operators([total])) for total in shown.items
    ]
    if not (roofline.is_open or view.sort):
        groups.sort(key=lambda group: -roofline.select(group.selects).seconds)
    return groups + _others(len(shown.others), _select_operators(shown.others))


def _select_operators(totals: Iterable[OperatorTotal]) -> Predicate:
    labels = {workload_label(total.operator) for total in totals}
    return lambda part: part.label in labels
