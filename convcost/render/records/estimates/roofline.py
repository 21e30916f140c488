"""Least times on a device as records."""

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
"""What CSV has, by its columns."""


class BoundRangeRecord(Record):
    """From which size on a part is bound by what."""

    start: int
    by: Resource


class BoundChangesRecord(Record):
    """What binds a part as a size grows."""

    size: Annotated[str, describe("Empty where it is the same for all sizes, or where several sizes decide.")]
    stretches: Annotated[list[BoundRangeRecord], describe("None where several sizes decide.")]


class RooflinePartRecord(Record):
    """A layer, or an operator that a module runs, with all its calls."""

    path: str
    label: str
    phase: Phase
    calls: int
    flops: Formula
    bytes_moved: Formula
    intensity: Annotated[Quotient, describe("FLOPs per byte moved.")]
    seconds_at_peak: Quotient
    seconds_at_bandwidth: Quotient
    bound_by: Annotated[Resource | None, describe("Null where sizes are open.")]
    flip: Annotated[BoundChangesRecord | None, describe("Null where no size is open or was taken as 1.")]


class RooflineRecord(Record):
    """The least time on a device, part by part; times are null where sizes are open."""

    device: str
    dtype: str
    peak: Annotated[int, describe("In FLOP/s.")]
    bandwidth: Annotated[int, describe("In bytes per second.")]
    ridge: Annotated[float | int, describe("FLOPs per byte from which on the peak is the limit.")]
    flops: Formula
    bytes_moved: Formula
    intensity: Quotient
    seconds: Seconds
    compute_bound_seconds: Annotated[Seconds, describe("Of it, in parts that the peak limits.")]
    memory_bound_seconds: Seconds
    bound_by: Annotated[Resource | None, describe("What limits most of the time.")]
    overhead_seconds: Annotated[Seconds, describe("What calls add on this machine, where it was measured.")]
    parts: list[RooflinePartRecord]


def record(report: Report) -> RooflineRecord:
    """The device's figures, the totals, and every part."""
    return roofline_record(_roofline(report))


def roofline_record(roofline: Roofline) -> RooflineRecord:
    """The same of a roofline; times in seconds, formulas where sizes are open."""
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
    """Null where nobody knows which bound is the longer, or where neither takes any time."""
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
    """Of least times; null where one is not known, or the first is 0."""
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
