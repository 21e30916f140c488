"""Measured times as plain data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.benchmark.timing import TimedRun, Timing, can_tell_apart, times_ratio
from convcost.core.report import Report
from convcost.render.formulas import data
from convcost.schemas.timed import Run as RunRecord
from convcost.schemas.timed import Time

COLUMNS = ("seconds", "iqr", "runs", "flops_per_second", "of_roofline", "threads", "device", "dtype")
"""What CSV has."""


def record(report: Report) -> Time:
    """The forward, and whatever else was timed."""
    time = _time(report)
    forward, *others = (_run(run, time.roofline_share(run, report.roofline)) for run in time.runs)
    return {
        **forward,
        "threads": time.threads,
        "dtype": time.dtype,
        "device": time.device,
        "others": others,
    }


def _run(run: TimedRun, share: Fraction | None) -> RunRecord:
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
        "of_roofline": data(share),
        "peak_bytes": run.peak,
        "failure": run.failure,
    }


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """Of forwards, by medians; null where their spreads overlap, so that it would say nothing."""
    base, run = _time(first).forward, _time(other).forward
    return {"seconds": data(times_ratio(base, run)) if can_tell_apart(base, run) else None}


def cells(report: Report) -> dict[str, Any]:
    """The forward's figures."""
    found: dict[str, Any] = {**record(report)}
    return {f"time_{name}": found[name] for name in COLUMNS}


def _time(report: Report) -> Timing:
    assert report.time
    return report.time
