"""Measured times as plain data."""

from __future__ import annotations

from typing import Any

from convcost.formats.numbers import data
from convcost.rooflines.bound import Roofline
from convcost.schemas.timed import Run as RunRecord
from convcost.schemas.timed import Time
from convcost.timing.result import Run, Timing, times_ratio

COLUMNS = ("seconds", "iqr", "runs", "flops_per_second", "of_roofline", "threads", "device", "dtype")
"""What CSV has."""


def time_record(time: Timing, roofline: Roofline | None) -> Time:
    """The forward, and whatever else was timed."""
    forward, *others = (_run(run, roofline) for run in time.runs)
    return {
        **forward,
        "threads": time.threads,
        "dtype": time.dtype,
        "device": time.device,
        "others": others,
    }


def _run(run: Run, roofline: Roofline | None) -> RunRecord:
    samples = run.samples
    return {
        "what": run.what,
        "compiled": run.compiled,
        "seconds": float(samples.median) if samples else None,
        "iqr": float(samples.spread) if samples else None,
        "quartiles": list(map(float, samples.quartiles)) if samples else [],
        "runs": len(samples.seconds) if samples else 0,
        "calls": samples.calls if samples else 0,
        "flops": data(run.flops),
        "flops_per_second": data(run.flops_per_second),
        "of_roofline": data(run.of_least(roofline)),
        "failure": run.failure,
    }


def seconds_ratio(first: Timing, other: Timing) -> float | int | None:
    """The other's forward over the first one's, by medians."""
    found: float | int | None = data(times_ratio(first.forward, other.forward))
    return found


def time_columns(time: Timing, roofline: Roofline | None) -> dict[str, Any]:
    """The forward's, for a line of a table."""
    record: dict[str, Any] = {**time_record(time, roofline)}
    return {f"time_{name}": record[name] for name in COLUMNS}
