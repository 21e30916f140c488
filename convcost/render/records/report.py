"""A design as a record: JSON of `layer` and `model`, a candidate of `compare`, a line of CSV."""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from convcost.analysis.parts import layer_part, sum_part
from convcost.core.cost import Convention, Gradients
from convcost.core.metrics import METRICS
from convcost.core.record_fields import describe, one_of
from convcost.core.report import Report, Verdict
from convcost.core.row import Row
from convcost.render.layer_table import TableGroup, layer_totals, select_layers
from convcost.render.records.context import Context, context
from convcost.render.records.distributed import distributed_record
from convcost.render.records.estimates import Estimates, estimate_cells, estimate_records
from convcost.render.records.quantities import (
    IN_ROWS,
    backward_costs,
    backward_fields,
    detail_fields,
    details,
    fields,
    row_quantities,
    training_fields,
)
from convcost.render.records.record import (
    Field,
    Formula,
    Record,
    data,
    field_values,
    fields_of,
    plain_data,
    record_from,
    record_type,
)
from convcost.render.records.trace import (
    OTHERS,
    PhaseRecords,
    TraceRecord,
    part_records,
    phase_records,
    trace_record,
)
from convcost.render.style import Style, View


class RowHead(Record):
    """Which layer a row is about."""

    path: str
    kind: str
    layer: Annotated[str, describe("Its arguments.")]
    input: list[Formula]
    output: list[Formula]
    parameters: Annotated[dict[str, list[Formula]], describe("The shape of each parameter by its name.")]


RowRecord = record_type(
    "RowRecord",
    "A layer, with its gradients if they are counted, or a submodule with what is its own.",
    fields_of(RowHead),
    fields(IN_ROWS),
    backward_fields(),
)


class DesignHead(Record):
    """What a design is."""

    name: str
    spec: str
    input: list[Formula]
    input_inferred: Annotated[bool, describe("Whether the spec states no input.")]
    output: list[Formula]
    dtype: Annotated[str, describe("The dtype that bytes are counted in.")]


class CounterResultRecord(Record):
    """What a counter said, as it said it and as FLOPs, and the verdict on it."""

    verdict: Verdict
    flops: int | None
    raw: Annotated[int | None, describe("Its own figure.")]
    raw_unit: str
    reason: str


def design_fields(counter: Meta) -> tuple[Field, ...]:
    """The fields of a design, of which counters say `counter`."""
    return (
        *fields_of(DesignHead),
        *fields(METRICS),
        ("rows", list[Annotated[Any, one_of("RowRecord")]]),
        ("counters", Annotated[dict[str, Annotated[Any, counter]], describe("By the counter's name.")]),
        *fields_of(Estimates),
    )


RATIOS: Field = ("ratios", Annotated[Any, one_of("RatiosRecord"), describe("Of the third and later.")], UNSET)

DESIGN: tuple[Field, ...] = (
    *design_fields(one_of("CounterResultRecord")),
    ("phases", PhaseRecords, UNSET),
    ("definitions", Annotated[list[str], describe("Those that the spec uses.")], UNSET),
    *training_fields(),
)
MODULE = (
    *design_fields(one_of("CounterResultRecord", "DiagnosisRecord")),
    *fields_of(TraceRecord),
    *training_fields(),
    (
        "distributed",
        Annotated[Any, one_of("DistributedRecord"), describe("One rank, if it is on a mesh.")],
        UNSET,
    ),
    *detail_fields(),
    ("notes", Annotated[list[str] | UnsetType, describe("What was guessed, if anything.")], UNSET),
)

DesignRecord = record_type("DesignRecord", "A candidate that is a spec.", DESIGN, [RATIOS])
ModuleRecord = record_type("ModuleRecord", "A candidate that is a torch module.", MODULE, [RATIOS])
LayerRecord = record_type("LayerRecord", "The JSON of convcost layer.", fields_of(Context), DESIGN)
ModelRecord = record_type("ModelRecord", "The JSON of convcost model.", fields_of(Context), MODULE)


def record(report: Report, **others: Any) -> Record:
    """One design, with what its numbers rest on."""
    values = {**context((report,)), **field_values(candidate(report)), **others}
    return ModelRecord(**values) if report.trace else LayerRecord(**values)


def candidate(report: Report, **others: Any) -> Record:
    """One design."""
    values = {
        "input_inferred": report.input_is_inferred,
        "rows": [row_record(row, report) for row in report.rows],
        "counters": {
            name: record_from(CounterResultRecord, result)
            for name, result in report.counters.items()
            if result is not None
        },
        "training_flops": UNSET if report.training_flops is None else data(report.training_flops),
        **details(report),
        **estimate_records(report),
        **others,
    }
    if not report.trace:
        definitions = [*map(" = ".join, report.definitions)] or UNSET
        return record_from(
            DesignRecord, report, **values, phases=phase_records(report), definitions=definitions
        )
    values["distributed"] = distributed_record(report)
    values |= {"notes": [*report.notes] or UNSET, **field_values(trace_record(report, report.trace))}
    return record_from(ModuleRecord, report, **values)


def row_record(row: Row, report: Report) -> Record:
    """A layer or submodule."""
    return record_from(
        RowRecord,
        row,
        layer=str(row.layer),
        **row_quantities(IN_ROWS, row, report.convention),
        **_backward(row.gradients, report.convention),
    )


def _backward(gradients: Gradients | None, convention: Convention) -> dict[str, Any]:
    return backward_costs(gradients.total, convention) if gradients else {}


def rows(report: Report, style: Style) -> list[dict[str, Any]]:
    """A line; by layer one for each layer, and of a torch module one for each submodule, or operator."""
    if report.trace:
        return list(map(cells, part_records(report, report.trace, style.view)))
    if style.view.by == "layer" and len(report.rows) > 1:
        return list(map(cells, _layer_rows(report, style.view)))
    return [row(report)]


def _layer_rows(report: Report, view: View) -> Iterator[dict[str, Any]]:
    """The layers that `view` asks for, and one line for those that are smaller."""
    shown = select_layers(report, view)
    for group in shown.items:
        yield plain_data(_group_record(group, report))
    if shown.others:
        others = sum_part(layer_totals(shown.others), report.convention)
        backward = backward_costs(others.backward, report.convention) if report.has_gradients else {}
        yield {"path": OTHERS, **row_quantities(IN_ROWS, others, report.convention), **backward}


def _group_record(group: TableGroup, report: Report) -> Record:
    """A layer, or several as one without a kind."""
    *others, last = group.rows
    if not others:
        return row_record(last, report)
    part = layer_part(group.rows, report)
    return RowRecord(
        path=group.path,
        kind="",
        layer=group.label.removeprefix(f"{group.path} "),
        input=data(part.input),
        output=data(part.output),
        parameters={},
        **row_quantities(IN_ROWS, part, report.convention),
        **(backward_costs(part.backward, report.convention) if report.has_gradients else {}),
    )


def row(report: Report) -> dict[str, Any]:
    """What is a number, a text or a shape, with each counter's verdict and FLOPs."""
    found = plain_data(candidate(report))
    line = cells(found)
    for name, counter in found["counters"].items():
        line |= {f"{name}_verdict": counter["verdict"], f"{name}_flops": counter["flops"]}
    return line | estimate_cells(report)


def cells(record: dict[str, Any]) -> dict[str, Any]:
    """Each value that is a number, a text or a shape."""
    return {name: _cell(value) for name, value in record.items() if not _is_nested(value)}


def _is_nested(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )


def _cell(value: object) -> object:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
