"""Every kind of result, with the functions that render it. To add one: a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from convcost.core.escapes import make_printable
from convcost.render.document import Document
from convcost.render.style import Style, as_ascii

if TYPE_CHECKING:
    from convcost.analysis.explain.steps import Explanation
    from convcost.core.comparison import Comparison
    from convcost.core.diagnosis import DiagnosedReport
    from convcost.core.match import Match
    from convcost.core.report import Report
    from convcost.core.sweep import Sweep
    from convcost.core.weights import WeightsReport
    from convcost.gate.result import GateResult
    from convcost.render.counters import CounterList
    from convcost.render.devices import DeviceList
    from convcost.render.layers import LayerList
    from convcost.render.records.record import Record
    from convcost.verify.result import VerificationResult

Listing: TypeAlias = "CounterList | DeviceList | LayerList"
Result: TypeAlias = (
    "Report | WeightsReport | Comparison | DiagnosedReport | Match | Sweep | GateResult | VerificationResult"
    " | Explanation | Listing"
)

FORMATS = ("table", "json", "markdown", "csv", "html", "latex")


class ResultKind(NamedTuple):
    """The functions of a kind, as `module:name` below `convcost.render`, imported on use.

    Attributes:
        document: `(result, style) -> Document`, for the visual formats.
        record: `(result) -> Record`, for JSON.
        rows: `(result, style) -> list[dict]`, for CSV.
        formats: The available formats.
        command: The command that prints it, for the message on a missing format.
    """

    document: str
    record: str
    rows: str
    formats: tuple[str, ...] = FORMATS
    command: str = ""


KINDS = {
    "Report": ResultKind("report:report_document", "records.report:record", "records.report:rows"),
    "WeightsReport": ResultKind("weights:weights_document", "records.weights:record", "records.weights:rows"),
    "Comparison": ResultKind(
        "comparison:comparison_document", "records.comparison:record", "records.comparison:rows"
    ),
    "DiagnosedReport": ResultKind(
        "report:diagnosis_document", "records.counters:diagnosis_record", "records.counters:diagnosis_rows"
    ),
    "Match": ResultKind("match:match_document", "records.match:record", "records.match:rows"),
    "Sweep": ResultKind("sweep:sweep_document", "records.sweep:record", "records.sweep:rows"),
    "GateResult": ResultKind("gate.document:gate_document", "records.check:record", "records.check:rows"),
    "VerificationResult": ResultKind(
        "verify:verify_document", "records.verification:record", "records.verification:rows"
    ),
    "CounterList": ResultKind(
        "counters:counters_document", "records.counters:record", "records.counters:rows"
    ),
    "DeviceList": ResultKind("devices:devices_document", "records.devices:record", "records.devices:rows"),
    "LayerList": ResultKind("layers:layers_document", "records.layers:record", "records.layers:rows"),
    "Explanation": ResultKind(
        "explain:explanation_document",
        "records.explanation:record",
        rows="",
        formats=("table", "json", "markdown", "latex"),
        command="explain",
    ),
}
"""The kinds by the name of the result's class, which need not be imported."""


def kind_of(result: type) -> ResultKind:
    """The kind of results of this class."""
    return KINDS[result.__name__]


def document(result: Result, style: Style) -> Document:
    """The document of `result`, in ASCII if the style asks for it."""
    laid_out: Document = load_function(kind_of(type(result)).document)(result, style).map_texts(
        make_printable
    )
    return laid_out if style.unicode else laid_out.map_texts(as_ascii)


def record(result: Result) -> Record:
    """The record of `result`."""
    return cast("Record", load_function(kind_of(type(result)).record)(result))


def rows(result: Result, style: Style) -> list[dict[str, Any]]:
    """The CSV rows of `result`."""
    return cast("list[dict[str, Any]]", load_function(kind_of(type(result)).rows)(result, style))


def load_function(place: str) -> Callable[..., Any]:
    """The function at `module:name` below `convcost.render`."""
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"convcost.render.{module}"), name)
    return found
