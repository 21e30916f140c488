"""The list of counters, and their diagnoses of a model, as records."""

from fractions import Fraction
from typing import Annotated, Any

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CauseKind, CounterDiagnosis, DiagnosedReport
from convcost.core.record_fields import describe
from convcost.render.counters import CounterList
from convcost.render.records import report
from convcost.render.records.context import HEAD, Head
from convcost.render.records.record import Record, field_values, record_from, records_from
from convcost.render.records.report import CounterResultRecord
from convcost.render.style import Style


class CounterRecord(Record):
    """A counter: what it counts, and what it is blind to."""

    name: str
    title: str
    version: str | None
    install: Annotated[str, describe("The command that installs it.")]
    unit: str
    counts: str
    blind_spots: str


class CounterListRecord(Head):
    """The output of convcost counters --json."""

    counters: list[CounterRecord]


class CauseRecord(Record):
    """A cause of a counter's difference: an operator or kind of module, and its FLOPs."""

    kind: CauseKind
    subject: str
    flops: int
    calls: int
    paths: Annotated[list[str], describe("The submodules concerned.")]


class DiagnosisRecord(CounterResultRecord):
    """A counter's result for a module, and why it differs from the exact count."""

    macs: Annotated[int | str | None, describe("The counter's result in MACs, such as 7/2.")]
    difference: Annotated[
        int | None, describe("The counter's FLOPs minus the exact FLOPs; the causes add up to it.")
    ]
    causes: list[CauseRecord]
    remarks: list[str]


def record(result: CounterList) -> CounterListRecord:
    """The list of counters."""
    counters = [
        record_from(CounterRecord, counter, version=version, unit=counter.unit.removesuffix("s"))
        for counter, version in result.counters
    ]
    return CounterListRecord(**HEAD, counters=counters)


def rows(result: CounterList, style: Style) -> list[dict[str, Any]]:
    """A row for each counter."""
    return [field_values(counter) for counter in record(result).counters]


def diagnosis_record(diagnosed: DiagnosedReport) -> Record:
    """The model's report, with each counter's result, difference and causes by its name."""
    diagnoses = {name: _diagnosis(diagnosed, diagnosis) for name, diagnosis in diagnosed.diagnoses.items()}
    return report.record(diagnosed.report, counters=diagnoses)


def _diagnosis(diagnosed: DiagnosedReport, diagnosis: CounterDiagnosis) -> DiagnosisRecord:
    return record_from(
        DiagnosisRecord,
        diagnosis.result,
        reason=diagnosis.result.reason or "; ".join(cause.description for cause in diagnosis.causes),
        macs=None if diagnosis.macs is None else _number(diagnosis.macs),
        difference=_difference(diagnosed, diagnosis),
        causes=records_from(CauseRecord, diagnosis.causes),
        remarks=list(diagnosis.remarks),
    )


def _number(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def _difference(diagnosed: DiagnosedReport, diagnosis: CounterDiagnosis) -> int | None:
    """The difference in FLOPs."""
    difference = diagnosed.difference(diagnosis)
    return None if difference is None else int(difference * FLOPS_PER_MAC)


def diagnosis_rows(diagnosed: DiagnosedReport, style: Style) -> list[dict[str, Any]]:
    """A row for each counter, and one for each cause of its difference, in FLOPs."""
    return [
        row for name, diagnosis in diagnosed.diagnoses.items() for row in _rows(name, diagnosis, diagnosed)
    ]


def _rows(name: str, diagnosis: CounterDiagnosis, diagnosed: DiagnosedReport) -> list[dict[str, Any]]:
    result = diagnosis.result
    whole = {
        "counter": name,
        "verdict": result.verdict,
        "raw": result.raw,
        "raw_unit": result.raw_unit,
        "flops": result.flops,
        "difference": _difference(diagnosed, diagnosis),
        "cause": result.reason,
        "part": "total",
    }
    return [whole, *({"counter": name, **_cause_row(cause), "part": "leaf"} for cause in diagnosis.causes)]


def _cause_row(cause: Cause) -> dict[str, Any]:
    return {
        "difference": cause.flops,
        "cause": cause.kind,
        "subject": cause.subject,
        "calls": cause.calls,
        "paths": " ".join(cause.paths),
    }
