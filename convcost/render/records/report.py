"""A design as a record: the JSON of `layer` and `model`, a candidate of `compare`, a row of CSV."""

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
    """The layer or submodule of a row."""

    path: str
    kind: str
    layer: Annotated[str, describe("The layer with its arguments.")]
    input: list[Formula]
    output: list[Formula]
    parameters: Annotated[dict[str, list[Formula]], describe("The shape of each parameter by its name.")]


RowRecord = record_type(
    "RowRecord",
    "A layer, or a submodule without its children; with gradients if they are counted.",
    fields_of(RowHead),
    fields(IN_ROWS),
    backward_fields(),
)


class DesignHead(Record):
    """The first fields of a design: its spec, input and output."""

    name: str
    spec: str
    input: list[Formula]
    input_inferred: Annotated[bool, describe("Whether the spec states no input.")]
    output: list[Formula]
    dtype: Annotated[str, describe("The dtype that bytes are counted in.")]


class CounterResultRecord(Record):
    """A counter's result in its own unit and in FLOPs, and the verdict."""

    verdict: Verdict
    flops: int | None
    raw: Annotated[int | None, describe("The counter's result in its own unit.")]
    raw_unit: str
    reason: str


def design_fields(counter: Meta) -> tuple[Field, ...]:
    """The fields of a design; `counter` describes a counter's result."""
    return (
        *fields_of(DesignHead),
        *fields(METRICS),
        ("rows", list[Annotated[Any, one_of("RowRecord")]]),
        ("counters", Annotated[dict[str, Annotated[Any, counter]], describe("By the counter's name.")]),
        *fields_of(Estimates),
    )


RATIOS: Field = (
    "ratios",
    Annotated[
        Any, one_of("RatiosRecord"), describe("Ratios to the first candidate, from the third candidate on.")
    ],
    UNSET,
)

DESIGN: tuple[Field, ...] = (
    *design_fields(one_of("CounterResultRecord")),
    ("phases", PhaseRecords, UNSET),
    ("definitions", Annotated[list[str], describe("Definitions that the spec uses.")], UNSET),
    *training_fields(),
)
MODULE = (
    *design_fields(one_of("CounterResultRecord", "DiagnosisRecord")),
    *fields_of(TraceRecord),
    *training_fields(),
    (
        "distributed",
        Annotated[
            Any, one_of("DistributedRecord"), describe("The costs of one rank, if the module is on a mesh.")
        ],
        UNSET,
    ),
    *detail_fields(),
    ("notes", Annotated[list[str] | UnsetType, describe("Notes on this run.")], UNSET),
)

DesignRecord = record_type("DesignRecord", "A candidate that is a spec.", DESIGN, [RATIOS])
ModuleRecord = record_type("ModuleRecord", "A candidate that is a torch module.", MODULE, [RATIOS])
LayerRecord = record_type("LayerRecord", "The output of convcost layer --json.", fields_of(Context), DESIGN)
ModelRecord = record_type("ModelRecord", "The output of convcost model --json.", fields_of(Context), MODULE)


def record(report: Report, **others: Any) -> Record:
    """One design as a document of its own."""
    values = {**context((report,)), **field_values(candidate(report)), **others}
    return ModelRecord(**values) if report.trace else LayerRecord(**values)


def candidate(report: Report, **others: Any) -> Record:
    """One design as a candidate of a comparison."""
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
    """One row; by layer a row for each layer; for a torch module, a row for each submodule or operator."""
    if report.trace:
        return list(map(cells, part_records(report, report.trace, style.view)))
    if style.view.by == "layer" and len(report.rows) > 1:
        return list(map(cells, _layer_rows(report, style.view)))
    return [row(report)]


def _layer_rows(report: Report, view: View) -> Iterator[dict[str, Any]]:
    """The layers that `view` selects, and one row for all smaller ones."""
    shown = select_layers(report, view)
    for group in shown.items:
        yield plain_data(_group_record(group, report))
    if shown.others:
        others = sum_part(layer_totals(shown.others), report.convention)
        backward = backward_costs(others.backward, report.convention) if report.has_gradients else {}
        yield {"path": OTHERS, **row_quantities(IN_ROWS, others, report.convention), **backward}


def _group_record(group: TableGroup, report: Report) -> Record:
    """A layer, or several layers as one row without a kind."""
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
    """All numbers, texts and shapes of a report, with each counter's verdict and FLOPs."""
    found = plain_data(candidate(report))
    line = cells(found)
    for name, counter in found["counters"].items():
        line |= {f"{name}_verdict": counter["verdict"], f"{name}_flops": counter["flops"]}
    return line | estimate_cells(report)


def cells(record: dict[str, Any]) -> dict[str, Any]:
    """The values that are numbers, texts or shapes."""
    return {name: _cell(value) for name, value in record.items() if not _is_nested(value)}


def _is_nested(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(part, dict) for part in value)
    )


def _cell(value: object) -> object:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else value
