"""Layers as records."""

from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from convcost.analysis.layer_reference import LayerReference
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.render.layers import LayerList
from convcost.render.records.context import HEAD, Head
from convcost.render.records.record import Formula, Record, data, record_from, records_from
from convcost.render.style import Style


class ArgumentRecord(Record):
    """An argument of torch's constructor."""

    name: str
    takes: Annotated[str, describe("The values that it takes, in words.")]
    default: Annotated[str | None, describe("Null if the argument is required.")]


class RuleRecord(Record):
    """A rule for a layer's output or cost."""

    subject: Annotated[str, describe("What the rule is about; empty for the layer as a whole.")]
    text: str


class LayerFormulasRecord(Record):
    """The costs of a layer as formulas in its arguments and the sizes of its input."""

    input: list[Formula]
    output: list[Formula]
    params: Formula
    macs: Formula
    bias_adds: Formula
    elementwise: Formula


class LayerReferenceRecord(Record):
    """A layer that designs can use."""

    name: Annotated[str, describe("The name in torch.nn.")]
    family: str
    signature: str
    summary: str
    arguments: list[ArgumentRecord]
    dtypes: Annotated[
        list[str], describe("The dtype of each required input; empty for the dtype of the design.")
    ]
    most_inputs: int
    inferred_input: Annotated[
        list[str], describe("The input if a design states none; empty if it has to state one.")
    ]
    rules: list[RuleRecord]
    formulas: Annotated[
        LayerFormulasRecord | UnsetType | None,
        describe("If a single layer is shown; null if its arguments have to be numbers."),
    ] = UNSET


class UnsupportedLayersRecord(Record):
    """Classes of torch.nn that designs do not support, and why."""

    cause: str
    names: list[str]
    reason: str


class LayerListRecord(Head):
    """The output of convcost layers --json."""

    layers: list[LayerReferenceRecord]
    left_out: list[UnsupportedLayersRecord]


def record(result: LayerList) -> LayerListRecord:
    """The layers with all their fields."""
    records = list(map(_layer_record, result.layers))
    if result.in_full:
        records[0].formulas = _formulas_record(result.formulas) if result.formulas else None
    return LayerListRecord(**HEAD, layers=records, left_out=_left_out_records(result))


def _layer_record(layer: LayerReference) -> LayerReferenceRecord:
    return record_from(
        LayerReferenceRecord,
        layer,
        arguments=records_from(ArgumentRecord, layer.arguments),
        rules=records_from(RuleRecord, layer.rules),
    )


def _formulas_record(formulas: Report) -> LayerFormulasRecord:
    parts = {"bias_adds": data(formulas.cost.bias_adds), "elementwise": data(formulas.elementwise)}
    return record_from(LayerFormulasRecord, formulas, **parts)


def _left_out_records(result: LayerList) -> list[UnsupportedLayersRecord]:
    return records_from(UnsupportedLayersRecord, result.left_out)


def rows(result: LayerList, style: Style) -> list[dict[str, Any]]:
    """A row for each layer, and for each unsupported class of torch.nn."""
    layers = (
        {"layer": layer.name, "family": layer.family, "signature": layer.signature, "text": layer.summary}
        for layer in result.layers
    )
    left_out = (
        {"layer": name, "family": "", "signature": "", "text": group.reason}
        for group in result.left_out
        for name in group.names
    )
    return [*layers, *left_out]
