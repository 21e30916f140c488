"""The weights in a file as a record: JSON of `cost` and `model`, a candidate of `compare`, rows of CSV."""

from typing import Annotated, Any

from convcost.core.record_fields import describe
from convcost.core.weights import WeightsReport
from convcost.render.records.context import Context, context
from convcost.render.records.record import (
    Record,
    data,
    field_values,
    fields_of,
    plain_data,
    record_from,
    record_type,
    records_from,
)
from convcost.render.records.report import RATIOS, LayerRecord, ModelRecord
from convcost.render.style import Style
from convcost.render.weights import DEFAULT_SORT

Unknown = Annotated[None, describe("Null: weights alone do not determine it.")]


class StoredTensorRecord(Record):
    """A tensor in a file of weights."""

    name: str
    dtype: Annotated[str, describe("The dtype's name in the file.")]
    shape: list[int]
    params: Annotated[int, describe("The number of its elements.")]
    bytes: Annotated[int, describe("Its bytes in the file.")]


class DtypeTotalRecord(Record):
    """All tensors of a dtype together."""

    dtype: str
    tensors: int
    params: int
    bytes: int


class WeightsHead(Record):
    """The weights in a file."""

    name: str
    spec: Annotated[str, describe("The path of the file.")]
    params: Annotated[int, describe("The elements of all tensors.")]
    bytes: Annotated[int, describe("The bytes of all tensors in the file.")]
    macs: Unknown
    flops: Unknown
    activations: Unknown
    dtypes: Annotated[list[DtypeTotalRecord], describe("By dtype, the most bytes first.")]
    tensors: list[StoredTensorRecord]
    counters: Annotated[dict[str, None], describe("Empty: nothing runs.")]
    notes: list[str]


WeightsRecord = record_type(
    "WeightsRecord", "A candidate that is a file of weights.", fields_of(WeightsHead), [RATIOS]
)
WeightsFileRecord = record_type(
    "WeightsFileRecord",
    "The output of convcost cost or model --json for a file of weights.",
    fields_of(Context),
    fields_of(WeightsHead),
)

CostRecord = LayerRecord | ModelRecord | WeightsFileRecord
"""The output of convcost cost --json: for a spec, a torch module, or a file of weights."""

NamedModelRecord = ModelRecord | WeightsFileRecord
"""The output of convcost model --json."""


def record(report: WeightsReport, **others: Any) -> Record:
    """A file of weights as a document of its own."""
    return WeightsFileRecord(**{**context((report,)), **field_values(candidate(report)), **others})


def candidate(report: WeightsReport, **others: Any) -> Record:
    """A file of weights as a candidate of a comparison."""
    return record_from(
        WeightsRecord,
        report,
        counters={},
        dtypes=records_from(DtypeTotalRecord, report.dtypes),
        tensors=records_from(StoredTensorRecord, report.tensors),
        **others,
    )


def rows(report: WeightsReport, style: Style) -> list[dict[str, Any]]:
    """A row for each tensor that the view selects."""
    view = style.view
    tensors = [tensor for tensor in report.tensors if view.filter.lower() in tensor.name.lower()]
    if view.sort or view.top:
        size = view.sort if view.sort in {"params", "bytes"} else DEFAULT_SORT
        tensors.sort(key=lambda tensor: tensor.name if view.sort == "path" else -getattr(tensor, size))
    found = map(plain_data, records_from(StoredTensorRecord, tensors[: view.top]))
    return [{**line, "shape": str(data(line["shape"]))} for line in found]
