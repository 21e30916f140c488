"""Counters' diagnoses as plain data, exact: for JSON and CSV."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CounterDiagnosis, DiagnosedReport


def records(diagnosed: DiagnosedReport) -> dict[str, Any]:
    """Each counter by name: its figure, the difference and every cause in FLOPs, exact."""
    return {name: _record(diagnosed, diagnosis) for name, diagnosis in diagnosed.diagnoses.items()}


def _record(diagnosed: DiagnosedReport, diagnosis: CounterDiagnosis) -> dict[str, Any]:
    return {
        **diagnosis.result._asdict(),
        "reason": diagnosis.result.reason or "; ".join(cause.description for cause in diagnosis.causes),
        "macs": None if diagnosis.macs is None else _number(diagnosis.macs),
        "difference": _difference(diagnosed, diagnosis),
        "causes": [cause._asdict() | {"paths": list(cause.paths)} for cause in diagnosis.causes],
        "remarks": list(diagnosis.remarks),
    }


def _number(value: Fraction) -> int | str:
    return int(value) if value.denominator == 1 else str(value)


def rows(diagnosed: DiagnosedReport) -> list[dict[str, Any]]:
    """A line for each counter, and one for each cause of its difference, in FLOPs."""
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


def _difference(diagnosed: DiagnosedReport, diagnosis: CounterDiagnosis) -> int | None:
    """In FLOPs."""
    difference = diagnosed.difference(diagnosis)
    return None if difference is None else int(difference * FLOPS_PER_MAC)
