"""The weights in a file as a record: JSON of `cost` and `model`, a candidate of `compare`, lines of CSV."""

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
from convcost.render.weights import USUAL_SORT

Unknown = Annotated[None, describe("Weights alone do not tell.")]


class StoredTensorRecord(Record):
    """A tensor in a file of weights."""

    name: str
    dtype: Annotated[str, describe("As the file calls it.")]
    shape: list[int]
    params: Annotated[int, describe("Its elements.")]
    bytes: Annotated[int, describe("What it takes in the file.")]


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
    params: Annotated[int, describe("Parameters.")]
    bytes: Annotated[int, describe("What all tensors take in the file.")]
    macs: Unknown
    flops: Unknown
    activations: Unknown
    dtypes: Annotated[list[DtypeTotalRecord], describe("That of the most bytes first.")]
    tensors: list[StoredTensorRecord]
    counters: Annotated[dict[str, None], describe("None: nothing runs.")]
    notes: list[str]


WeightsRecord = record_type(
    "WeightsRecord", "A candidate that is a file of weights.", fields_of(WeightsHead), [RATIOS]
)
WeightsFileRecord = record_type(
    "WeightsFileRecord", "The JSON of a file of weights.", fields_of(Context), fields_of(WeightsHead)
)

CostRecord = LayerRecord | ModelRecord | WeightsFileRecord
"""The JSON of convcost cost: of a spec, a torch module, or a file of weights."""

NamedModelRecord = ModelRecord | WeightsFileRecord
"""The JSON of convcost model."""


def record(report: WeightsReport, **others: Any) -> Record:
    """The file, with what its numbers rest on."""
    return WeightsFileRecord(**{**context((report,)), **field_values(candidate(report)), **others})


def candidate(report: WeightsReport, **others: Any) -> Record:
    """The file."""
    return record_from(
        WeightsRecord,
        report,
        counters={},
        dtypes=records_from(DtypeTotalRecord, report.dtypes),
        tensors=records_from(StoredTensorRecord, report.tensors),
        **others,
    )


def rows(report: WeightsReport, style: Style) -> list[dict[str, Any]]:
    """A line for each tensor: the largest alone where so many are asked for."""
    view = style.view
    tensors = [tensor for tensor in report.tensors if view.filter.lower() in tensor.name.lower()]
    if view.sort or view.top:
        size = view.sort if view.sort in {"params", "bytes"} else USUAL_SORT
        tensors.sort(key=lambda tensor: tensor.name if view.sort == "path" else -getattr(tensor, size))
    found = map(plain_data, records_from(StoredTensorRecord, tensors[: view.top]))
    return [{**line, "shape": str(data(line["shape"]))} for line in found]
