"""The roofline lower bound on a device as a record."""

from __future__ import annotations

from typing import Annotated, Any

from convcost.analysis.roofline import Resource, Roofline, RooflineBound
from convcost.core.cost import ratio_of
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.core.trace import Phase
from convcost.render.records.record import Formula, Quotient, Record, Seconds, data, record_from, records_from

TIMES = ("seconds", "compute_bound_seconds", "memory_bound_seconds", "bound_by", "overhead_seconds")

COLUMNS = {
    "device": "device",
    "bytes_moved": "bytes_moved",
    "least_seconds": "seconds",
    "bound_by": "bound_by",
}
"""The field of each column of CSV."""


class BoundRangeRecord(Record):
    """The size from which a part is bound by compute or by memory."""

    start: int
    by: Resource


class BoundChangesRecord(Record):
    """How the bound of a part changes as a size grows."""

    size: Annotated[str, describe("Empty if the bound is the same for all sizes, or several sizes decide.")]
    stretches: Annotated[list[BoundRangeRecord], describe("Empty if several sizes decide.")]


class RooflinePartRecord(Record):
    """A layer, or all calls of an operator in a module."""

    path: str
    label: str
    phase: Phase
    calls: int
    flops: Formula
    bytes_moved: Formula
    intensity: Annotated[Quotient, describe("FLOPs per byte moved.")]
    seconds_at_peak: Quotient
    seconds_at_bandwidth: Quotient
    bound_by: Annotated[Resource | None, describe("Null if sizes are open.")]
    flip: Annotated[BoundChangesRecord | None, describe("Null if no size is open or defaults to 1.")]


class RooflineRecord(Record):
    """The roofline lower bound on a device, part by part; times are null if sizes are open."""

    device: str
    dtype: str
    peak: Annotated[int, describe("In FLOP/s.")]
    bandwidth: Annotated[int, describe("In bytes per second.")]
    ridge: Annotated[float | int, describe("The ridge point, in FLOPs per byte.")]
    flops: Formula
    bytes_moved: Formula
    intensity: Quotient
    seconds: Seconds
    compute_bound_seconds: Annotated[Seconds, describe("The time of the compute-bound parts.")]
    memory_bound_seconds: Seconds
    bound_by: Annotated[Resource | None, describe("The bound of most of the time.")]
    overhead_seconds: Annotated[Seconds, describe("The measured overhead of calls on this machine.")]
    parts: list[RooflinePartRecord]


def record(report: Report) -> RooflineRecord:
    """The record of a report's roofline."""
    return roofline_record(_roofline(report))


def roofline_record(roofline: Roofline) -> RooflineRecord:
    """The device's figures, the totals and every part; formulas where sizes are open."""
    return record_from(
        RooflineRecord,
        roofline,
        device=roofline.device.name,
        bandwidth=roofline.device.bandwidth,
        bytes_moved=data(roofline.bytes),
        **_times(roofline),
        parts=[_part(bound, roofline.is_open) for bound in roofline.bounds],
    )


def _times(roofline: Roofline) -> dict[str, Any]:
    """The times, null if sizes are open; `bound_by` also if no time is taken."""
    if roofline.is_open:
        return dict.fromkeys(TIMES)
    return {
        "seconds": data(roofline.seconds),
        "compute_bound_seconds": data(roofline.seconds_by("compute")),
        "memory_bound_seconds": data(roofline.seconds_by("memory")),
        "bound_by": roofline.by if roofline.seconds else None,
        "overhead_seconds": data(roofline.overhead),
    }


def _part(bound: RooflineBound, is_open: bool) -> RooflinePartRecord:
    changes = bound.changes
    return record_from(
        RooflinePartRecord,
        bound.workload,
        bytes_moved=data(bound.workload.bytes),
        intensity=data(bound.intensity),
        seconds_at_peak=data(bound.compute),
        seconds_at_bandwidth=data(bound.memory),
        bound_by=None if is_open or not bound.seconds else bound.by,
        flip=changes
        and BoundChangesRecord(size=changes.size, stretches=records_from(BoundRangeRecord, changes.ranges)),
    )


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """The ratio of the lower bounds; null if one is unknown, or the first is 0."""
    base, roofline = _roofline(first), _roofline(other)
    is_known = not base.is_open and not roofline.is_open
    return {"least_seconds": data(ratio_of(roofline.seconds, base.seconds)) if is_known else None}


def cells(report: Report) -> dict[str, Any]:
    """The totals."""
    found = record(report)
    return {column: getattr(found, name) for column, name in COLUMNS.items()}


def _roofline(report: Report) -> Roofline:
    assert report.roofline
    return report.roofline
