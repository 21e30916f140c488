"""Least times as plain data."""

from __future__ import annotations

from typing import Any

from convcost.analysis.roofline import BoundChanges, Roofline, RooflineBound
from convcost.core.cost import ratio_of
from convcost.core.report import Report
from convcost.render.formulas import data

TIMES = ("seconds", "compute_bound_seconds", "memory_bound_seconds", "bound_by", "overhead_seconds")


COLUMNS = {
    "device": "device",
    "bytes_moved": "bytes_moved",
    "least_seconds": "seconds",
    "bound_by": "bound_by",
}
"""What CSV has, by its columns."""


def record(report: Report) -> dict[str, Any]:
    """The device's figures, the totals, and every part; times in seconds, formulas where sizes are open."""
    roofline = _roofline(report)
    return {
        "device": roofline.device.name,
        "dtype": roofline.dtype,
        "peak": roofline.peak,
        "bandwidth": roofline.device.bandwidth,
        "ridge": data(roofline.ridge),
        "flops": data(roofline.flops),
        "bytes_moved": data(roofline.bytes),
        "intensity": data(roofline.intensity),
        **_times(roofline),
        "parts": [_part(bound, roofline.is_open) for bound in roofline.bounds],
    }


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


def _part(bound: RooflineBound, is_open: bool) -> dict[str, Any]:
    return {
        "path": bound.workload.path,
        "label": bound.workload.label,
        "phase": bound.workload.phase,
        "calls": bound.workload.calls,
        "flops": data(bound.workload.flops),
        "bytes_moved": data(bound.workload.bytes),
        "intensity": data(bound.intensity),
        "seconds_at_peak": data(bound.compute),
        "seconds_at_bandwidth": data(bound.memory),
        "bound_by": None if is_open or not bound.seconds else bound.by,
        "flip": bound.changes and _flip(bound.changes),
    }


def _flip(flip: BoundChanges) -> dict[str, Any]:
    return {"size": flip.size, "stretches": [stretch._asdict() for stretch in flip.ranges]}


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """Of least times; null where one is not known, or the first is 0."""
    base, roofline = _roofline(first), _roofline(other)
    is_known = not base.is_open and not roofline.is_open
    return {"least_seconds": data(ratio_of(roofline.seconds, base.seconds)) if is_known else None}


def cells(report: Report) -> dict[str, Any]:
    """The totals."""
    found = record(report)
    return {column: found[name] for column, name in COLUMNS.items()}


def _roofline(report: Report) -> Roofline:
    assert report.roofline
    return report.roofline
