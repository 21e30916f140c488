"""Least times on several devices as records: a list, each as the one on a single device."""

from __future__ import annotations

from typing import Any

from convcost.core.report import Report
from convcost.render.records.estimates.roofline import RooflineRecord, roofline_record

COLUMNS = {"least_seconds": "seconds", "bound_by": "bound_by"}
"""What CSV has of each device, by the ends of its columns."""


def record(report: Report) -> list[RooflineRecord]:
    """One for each device, in the order that they were named."""
    return list(map(roofline_record, report.rooflines))


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """None: each device has its own."""
    return {}


def cells(report: Report) -> dict[str, Any]:
    """The totals on each device, as a100-sxm-80gb_least_seconds."""
    return {
        f"{found.device}_{column}": getattr(found, name)
        for found in record(report)
        for column, name in COLUMNS.items()
    }
