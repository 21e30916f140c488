"""Every kind of result, and where the functions are that say what to show of it. A new kind: a line here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from convcost.core.escapes import printable
from convcost.render.document import Document
from convcost.render.style import Style, as_ascii

if TYPE_CHECKING:
    from convcost.analysis.explain.steps import Explanation
    from convcost.core.diagnosis import DiagnosedReport
    from convcost.core.match import Match
    from convcost.core.report import Comparison, Report
    from convcost.gate.result import GateResult
    from convcost.render.counters import CounterList
    from convcost.render.devices import DeviceList
    from convcost.verify.result import VerificationResult

Result: TypeAlias = (
    "Report | Comparison | DiagnosedReport | Match | GateResult"
    " | VerificationResult | CounterList | DeviceList | Explanation"
)

FORMATS = ("table", "json", "markdown", "csv", "html", "latex")


class ResultKind(NamedTuple):
    """Functions as `module:name` below `convcost.render`: each is imported when it is asked for.

    Attributes:
        document: `(result, style) -> Document`, what the formats for people show.
        record: `(result) -> dict`, what JSON shows.
        rows: `(result, style) -> list[dict]`, what CSV shows.
        formats: Those that it can be shown in.
        command: The command that shows it, where it has not every format.
    """

    document: str
    record: str
    rows: str
    formats: tuple[str, ...] = FORMATS
    command: str = ""


KINDS = {
    "Report": ResultKind("report:report_document", "records:report_result", "csv:report_rows"),
    "Comparison": ResultKind(
        "comparison:comparison_document", "records:comparison_record", "csv:comparison_rows"
    ),
    "DiagnosedReport": ResultKind(
        "report:diagnosis_document", "diagnosis_records:refereed_record", "diagnosis_records:rows"
    ),
    "Match": ResultKind("match:matching", "match_records:match_record", "match_records:match_rows"),
    "GateResult": ResultKind("gate.layout:gate", "gate.records:checked_record", "gate.records:check_rows"),
    "VerificationResult": ResultKind(
        "verify:verify_document", "verify_records:verified_record", "verify_records:verified_rows"
    ),
    "CounterList": ResultKind(
        "counters:counters_document", "records:counter_list_record", "records:counter_rows"
    ),
    "DeviceList": ResultKind(
        "devices:devices_document", "devices_records:device_list_record", "devices_records:device_rows"
    ),
    "Explanation": ResultKind(
        "explain:explanation_document",
        "explain_records:explanation_record",
        rows="",
        formats=("table", "json", "markdown", "latex"),
        command="explain",
    ),
}
"""By the name of the result's class, which is not imported for it."""


def kind_of(result: type) -> ResultKind:
    """The kind that results of this class are."""
    return KINDS[result.__name__]


def document(result: Result, style: Style) -> Document:
    """What to read of `result`, in the characters that the reader has."""
    laid_out: Document = function_at(kind_of(type(result)).document)(result, style).map_texts(printable)
    return laid_out if style.unicode else laid_out.map_texts(as_ascii)


def record(result: Result) -> dict[str, Any]:
    """All of `result` as plain data."""
    return cast("dict[str, Any]", function_at(kind_of(type(result)).record)(result))


def rows(result: Result, style: Style) -> list[dict[str, Any]]:
    """`result` as lines of plain data."""
    return cast("list[dict[str, Any]]", function_at(kind_of(type(result)).rows)(result, style))


def function_at(place: str) -> Callable[..., Any]:
    """The function at `module:name` below `convcost.render`."""
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"convcost.render.{module}"), name)
    return found
