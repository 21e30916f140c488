"""The roofline lower bounds on several devices: a list of the records of one device."""

from __future__ import annotations

from typing import Any

from convcost.core.report import Report
from convcost.render.records.estimates.roofline import RooflineRecord, roofline_record

COLUMNS = {"least_seconds": "seconds", "bound_by": "bound_by"}
"""The field of each column of CSV, by the end of the column's name."""


def record(report: Report) -> list[RooflineRecord]:
    """A record for each device, in the order given."""
    return list(map(roofline_record, report.rooflines))


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """No ratios: each device would have its own."""
    return {}


def cells(report: Report) -> dict[str, Any]:
    """The totals on each device, as a100-sxm-80gb_least_seconds."""
    return {
        f"{found.device}_{column}": getattr(found, name)
        for found in record(report)
        for column, name in COLUMNS.items()
    }
