"""The run of a torch module as records: inputs, outputs, submodules, operators, uncounted calls."""

from collections.abc import Iterator, Set
from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from convcost.analysis.breakdown import (
    ModuleNode,
    ModuleTotals,
    OperatorTotal,
    module_tree,
    operator_totals,
    parent_paths,
    sum_operators,
)
from convcost.core.cost import Convention, Cost
from convcost.core.generation import GenerationPhase, PhaseRun
from convcost.core.record_fields import describe, keys_of, one_of
from convcost.core.report import Report
from convcost.core.trace import CondCall, Phase, SubmoduleRun, Trace
from convcost.render.model_tables import all_modules, select, total_of
from convcost.render.operator_tables import select_operators
from convcost.render.records.quantities import (
    ADDITIVE,
    COSTS,
    CostsRecord,
    backward_costs,
    backward_fields,
    costs,
    fields,
    row_quantities,
)
from convcost.render.records.record import (
    Formula,
    Record,
    fields_of,
    plain_data,
    record_from,
    record_type,
    records_from,
)
from convcost.render.style import View

OTHERS = "(others)"
"""The row for all smaller parts, where only the largest are requested."""

REST = "(rest)"
"""The row for the rest of a module, outside the rows below it."""


class TensorRecord(Record):
    """An input or output of a module."""

    name: str
    dtype: str
    shape: list[Formula]


class UncountedRecord(Record):
    """An operator that is not counted, so the real cost is higher."""

    path: str
    operator: str
    inputs: list[list[Formula]]
    calls: int
    reason: Annotated[
        str | UnsetType, describe("Why it is counted only in part; absent if it has no formula.")
    ] = UNSET


class CondCallRecord(Record):
    """A call of torch.cond, and the cost of each branch."""

    path: str
    inputs: list[list[Formula]]
    true: Annotated[Any, one_of("CostsRecord", None), describe("Null if this branch is known not to run.")]
    false: Annotated[Any, one_of("CostsRecord", None)]
    counted: Annotated[
        bool,
        describe(
            "The branch in the totals: the one that runs, or the costlier where that depends on values."
        ),
    ]
    calls: int


class SubmoduleHead(Record):
    """The first fields of a SubmoduleRecord."""

    path: str
    kind: Annotated[str, describe("Its class.")]
    calls: int
    input: list[Formula] | None
    output: list[Formula] | None


class OperatorHead(Record):
    """The first fields of an OperatorRecord."""

    operator: str
    calls: int


class OperatorTail(Record):
    """The last fields of an OperatorRecord."""

    estimated: Annotated[bool, describe("Whether its formula is an estimate.")]
    complex: Annotated[
        bool, describe("Whether it ran on complex numbers: a complex MAC counts as 4 real ones.")
    ]
    sparse: Annotated[bool, describe("Whether it ran on sparse tensors: their stored entries are counted.")]


OF_OPERATORS = tuple(metric for metric in ADDITIVE if metric in COSTS or metric.name == "activations")
"""The metrics of an operator: parameters belong to modules."""

SubmoduleRecord = record_type(
    "SubmoduleRecord",
    "A submodule including its children; with gradients, if the backward ran.",
    fields_of(SubmoduleHead),
    fields(ADDITIVE),
    backward_fields(),
)
OperatorRecord = record_type(
    "OperatorRecord",
    "All calls of an operator; with gradients, if the backward ran.",
    fields_of(OperatorHead),
    fields(OF_OPERATORS),
    backward_fields(),
    fields_of(OperatorTail),
)


PhaseRecords = Annotated[
    dict[str, Annotated[Any, one_of("CostsRecord")]] | UnsetType,
    keys_of(Phase),
    describe("The cost of each phase, if the backward is counted."),
]


class CachedTensorRecord(Record):
    """A tensor of the cache, and the number of tensors like it."""

    name: str
    dtype: str
    shape: list[Formula]
    occurrences: int
    bytes: Annotated[Formula, describe("The bytes of all of them.")]


class GenerationRecord(Record):
    """The phase of generating text that ran."""

    phase: GenerationPhase
    context: Annotated[Formula, describe("Tokens of each sequence in the prompt.")]
    cache: Annotated[
        list[CachedTensorRecord], describe("The cache of the prompt: written in prefill, read in decode.")
    ]


class ExpertRoutingRecord(Record):
    """A group of experts, of which each token uses some."""

    path: str
    used: Annotated[int, describe("The number of experts that a token is routed to.")]
    experts: int
    params: Annotated[int, describe("The parameters of all experts together.")]


class TraceRecord(Record, kw_only=True):
    """The run of a module."""

    inputs: list[TensorRecord]
    outputs: list[TensorRecord]
    ran_on: Literal["shapes", "data"]
    reads_zeros: Annotated[
        bool | UnsetType,
        describe("True if what ran depends on values of inputs without data, taken as zeros."),
    ] = UNSET
    training: Annotated[bool, describe("Whether the model was in training mode.")]
    partial: Annotated[bool, describe("Whether an operator ran that is not counted.")]
    uncounted: list[UncountedRecord]
    conditionals: Annotated[
        list[CondCallRecord] | UnsetType, describe("The calls of torch.cond, if any.")
    ] = UNSET
    modules: list[Annotated[Any, one_of("SubmoduleRecord")]]
    operators: list[Annotated[Any, one_of("OperatorRecord")]]
    phases: PhaseRecords = UNSET
    unused_parameters: list[str]
    tied_parameters: list[list[str]]
    unused_formulas: Annotated[
        list[str] | UnsetType,
        describe("User formulas for operators that did not run."),
    ] = UNSET
    generation: Annotated[
        GenerationRecord | UnsetType, describe("The phase, if a language model ran in one.")
    ] = UNSET
    expert_routings: Annotated[
        list[ExpertRoutingRecord] | UnsetType, describe("If the model has experts.")
    ] = UNSET


def trace_record(report: Report, trace: Trace) -> TraceRecord:
    """All submodules, operators and uncounted calls of a run, with its inputs and outputs."""
    convention = report.convention
    return TraceRecord(
        inputs=records_from(TensorRecord, trace.inputs),
        outputs=records_from(TensorRecord, trace.outputs),
        ran_on=trace.ran,
        reads_zeros=trace.reads_zeros or UNSET,
        training=trace.training,
        partial=trace.is_partial,
        uncounted=[
            record_from(UncountedRecord, found, reason=found.reason or UNSET) for found in trace.uncounted
        ],
        conditionals=[_conditional(found, convention) for found in trace.conditionals] or UNSET,
        modules=module_records(report, trace, View()),
        operators=operator_records(report, trace),
        phases=phase_records(report),
        unused_parameters=list(trace.unused),
        tied_parameters=list(map(list, trace.tied)),
        unused_formulas=list(trace.unused_formulas) or UNSET,
        generation=_generation(trace.generation) if trace.generation else UNSET,
        expert_routings=records_from(ExpertRoutingRecord, trace.routings) or UNSET,
    )


def _generation(found: PhaseRun) -> GenerationRecord:
    return record_from(GenerationRecord, found, cache=records_from(CachedTensorRecord, found.cache))


def _conditional(found: CondCall, convention: Convention) -> CondCallRecord:
    branches = {"true": found.true, "false": found.false}
    return record_from(
        CondCallRecord,
        found,
        **{name: cost and _costs(cost, convention) for name, cost in branches.items()},
    )


def _costs(cost: Cost, convention: Convention) -> Record:
    return CostsRecord(**costs(cost, convention))


def part_records(report: Report, trace: Trace, view: View) -> list[dict[str, Any]]:
    """The modules or operators that `view` selects, as rows."""
    if view.by == "operator":
        return list(_operator_rows(report, trace, view))
    if view.top is not None:
        return list(_largest_rows(report, trace, view))
    return list(_leveled_rows(report, trace, view))


def _operator_rows(report: Report, trace: Trace, view: View) -> Iterator[dict[str, Any]]:
    """The operators that `view` selects, and one row for all smaller ones."""
    shown = select_operators(operator_totals(trace), view, report.convention)
    for total in shown.items:
        yield plain_data(_operator(total, report, trace))
    if shown.others:
        yield plain_data(_operator(sum_operators(shown.others)._replace(operator=OTHERS), report, trace))


def _largest_rows(report: Report, trace: Trace, view: View) -> Iterator[dict[str, Any]]:
    """The largest modules, none inside another, and one row for all smaller ones."""
    found = select(module_tree(report), view, report.convention)
    parts = [(shown.node.module._replace(path=shown.label), shown.node.total) for shown in found.modules]
    if found.others:
        calls = sum(shown.node.module.calls for shown in found.others)
        parts.append((SubmoduleRun(OTHERS, "", None, None, calls), total_of(found.others)))
    for module, total in parts:
        yield {**plain_data(_module(module, total, report, trace)), "level": 0, "part": "leaf"}


def _leveled_rows(report: Report, trace: Trace, view: View) -> Iterator[dict[str, Any]]:
    """As `module_records`, each with its level. The rows whose `part` is "leaf" add up to the total.

    The rest of a module, outside the rows below it, has a row of its own.
    """
    nodes = all_modules(module_tree(report), view, report.convention)
    shown = {node.module.path for node in nodes}
    parents = {outer for path in shown for outer in _enclosing_rows(path, shown)}

    def row(module: SubmoduleRun, share: ModuleTotals, level: int, part: str) -> dict[str, Any]:
        found = plain_data(_module(module, share, report, trace))
        return {**found, "level": level, "part": part}

    for node in nodes:
        path = node.module.path
        outer = _enclosing_rows(path, shown)
        part = "leaf" if path not in parents else "inner" if outer or view.filter else "total"
        yield row(node.module, node.total, len(outer), part)
        rest = _hidden_totals(node, shown) if path in parents else ModuleTotals()
        if rest != ModuleTotals():
            name = f"{path}.{REST}" if path else REST
            unseen = SubmoduleRun(name, node.module.kind, None, None, node.module.calls)
            yield row(unseen, rest, len(outer) + 1, "leaf")


def _enclosing_rows(path: str, shown: Set[str]) -> list[str]:
    """The paths of the shown modules that contain `path`."""
    return [outer for outer in (*parent_paths(path), "") if outer in shown and outer != path]


def _hidden_totals(node: ModuleNode, shown: Set[str]) -> ModuleTotals:
    """The totals of `node` outside the rows below it."""
    hidden = (child for child in node.children if child.module.path not in shown)
    return sum((_hidden_totals(child, shown) for child in hidden), node.own)


def module_records(report: Report, trace: Trace, view: View) -> list[Record]:
    """The submodules that `view` selects, each including its children."""
    nodes = all_modules(module_tree(report), view, report.convention)
    return [_module(node.module, node.total, report, trace) for node in nodes]


def _module(module: SubmoduleRun, share: ModuleTotals, report: Report, trace: Trace) -> Record:
    return record_from(
        SubmoduleRecord,
        module,
        **row_quantities(ADDITIVE, share, report.convention),
        **_backward(share.backward, report, trace),
    )


def operator_records(report: Report, trace: Trace) -> list[Record]:
    """Every operator with the sum of its calls."""
    return [_operator(total, report, trace) for total in operator_totals(trace)]


def _operator(total: OperatorTotal, report: Report, trace: Trace) -> Record:
    return record_from(
        OperatorRecord,
        total,
        **row_quantities(OF_OPERATORS, total, report.convention),
        **_backward(total.backward, report, trace),
    )


def _backward(cost: Cost, report: Report, trace: Trace) -> dict[str, Any]:
    """The gradients, if the backward ran."""
    return backward_costs(cost, report.convention) if trace.phases else {}


def phase_records(report: Report) -> dict[str, Record] | UnsetType:
    """The cost of each phase, if the backward is counted."""
    return {phase: _costs(cost, report.convention) for phase, cost in report.phases.items()} or UNSET
