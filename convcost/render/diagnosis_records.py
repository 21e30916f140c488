"""Opinions as plain data, exact: for JSON and CSV."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CounterDiagnosis, DiagnosedReport
from convcost.render.records import report_result
from convcost.render.style import Style


def refereed_record(refereed: DiagnosedReport) -> dict[str, Any]:
    """The model's report, with the counters' opinions of it."""
    return report_result(refereed.report) | {"counters": records(refereed)}


def records(refereed: DiagnosedReport) -> dict[str, Any]:
    """Each counter by name: its figure, the difference and every cause in FLOPs, exact."""
    return {name: _record(refereed, opinion) for name, opinion in refereed.diagnoses.items()}


def _record(refereed: DiagnosedReport, opinion: CounterDiagnosis) -> dict[str, Any]:
    return {
        **opinion.result._asdict(),
        "reason": opinion.result.reason or "; ".join(cause.description for cause in opinion.causes),
        "macs": None if opinion.macs is None else _number(opinion.macs),
        "difference": _difference(refereed, opinion),
        "causes": [cause._asdict() | {"paths": list(cause.paths)} for cause in opinion.causes],
        "remarks": list(opinion.remarks),
    }


def _number(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def rows(refereed: DiagnosedReport, style: Style) -> list[dict[str, Any]]:
    """A line for each counter, and one for each cause of its difference, in FLOPs."""
    return [row for name, opinion in refereed.diagnoses.items() for row in _rows(name, opinion, refereed)]


def _rows(name: str, opinion: CounterDiagnosis, refereed: DiagnosedReport) -> list[dict[str, Any]]:
    result = opinion.result
    whole = {
        "counter": name,
        "verdict": result.verdict,
        "raw": result.raw,
        "raw_unit": result.raw_unit,
        "flops": result.flops,
        "difference": _difference(refereed, opinion),
        "cause": result.reason,
        "part": "total",
    }
    return [whole, *({"counter": name, **_cause_row(cause), "part": "leaf"} for cause in opinion.causes)]


def _cause_row(cause: Cause) -> dict[str, Any]:
    return {
        "difference": cause.flops,
        "cause": cause.kind,
        "subject": cause.subject,
        "calls": cause.calls,
        "paths": " ".join(cause.paths),
    }


def _difference(refereed: DiagnosedReport, opinion: CounterDiagnosis) -> int | None:
    """In FLOPs."""
    difference = refereed.difference(opinion)
    return None if difference is None else int(difference * FLOPS_PER_MAC)
