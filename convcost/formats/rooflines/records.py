"""Least times as plain data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.formats.numbers import data
from convcost.rooflines.bound import Bound, Flip, Roofline

TIMES = ("seconds", "compute_bound_seconds", "memory_bound_seconds", "bound_by", "overhead_seconds")


def roofline_record(roofline: Roofline) -> dict[str, Any]:
    """The device's figures, the totals, and every part; times in seconds, formulas where sizes are open."""
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
    """Null where nobody knows which bound is the longer."""
    if roofline.is_open:
        return dict.fromkeys(TIMES)
    return {
        "seconds": data(roofline.seconds),
        "compute_bound_seconds": data(roofline.seconds_by("compute")),
        "memory_bound_seconds": data(roofline.seconds_by("memory")),
        "bound_by": roofline.by,
        "overhead_seconds": data(roofline.overhead),
    }


def _part(bound: Bound, is_open: bool) -> dict[str, Any]:
    return {
        "path": bound.part.path,
        "label": bound.part.label,
        "phase": bound.part.phase,
        "calls": bound.part.calls,
        "flops": data(bound.part.flops),
        "bytes_moved": data(bound.part.bytes),
        "intensity": data(bound.intensity),
        "seconds_at_peak": data(bound.compute),
        "seconds_at_bandwidth": data(bound.memory),
        "bound_by": None if is_open else bound.by,
        "flip": bound.flip and _flip(bound.flip),
    }


def _flip(flip: Flip) -> dict[str, Any]:
    return {"size": flip.size, "stretches": [stretch._asdict() for stretch in flip.stretches]}


def time_ratio(first: Roofline, other: Roofline) -> Fraction | None:
    """The other's least time over the first one's; None where one is not known, or the first is 0."""
    if first.is_open or other.is_open or not first.seconds:
        return None
    return other.seconds / first.seconds
