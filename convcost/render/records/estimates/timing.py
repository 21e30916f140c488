"""Measured times as records."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from convcost.benchmark.timing import RunKind, TimedRun, Timing, can_tell_apart, times_ratio
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.render.records.record import Formula, Record, data, record_from

COLUMNS = ("seconds", "iqr", "runs", "flops_per_second", "of_roofline", "threads", "device", "dtype")
"""The columns of CSV."""


class TimedRunRecord(Record):
    """The measured times of a forward pass or a training step."""

    what: Annotated[
        RunKind, describe("A forward without gradients, or a training step: forward and backward.")
    ]
    compiled: Annotated[bool, describe("Whether it was compiled by torch.compile.")]
    seconds: Annotated[float | None, describe("The median of the rounds; null if it failed to run.")]
    iqr: Annotated[float | None, describe("The interquartile range of the rounds.")]
    quartiles: Annotated[list[float], describe("The first and the third quartile of the rounds.")]
    runs: Annotated[int, describe("The number of rounds; each round runs every candidate once.")]
    calls: Annotated[int, describe("Calls in each round.")]
    flops: Annotated[Formula | None, describe("Counted by the convention; null if not countable.")]
    flops_per_second: float | int | None
    of_roofline: Annotated[
        float | int | None,
        describe("The roofline lower bound on the named device divided by the measured time."),
    ]
    peak_bytes: Annotated[
        int | None, describe("The memory peak of its first run, without an optimizer; null except on a GPU.")
    ]
    failure: Annotated[str, describe("Why it failed to run.")]


class TimeRecord(TimedRunRecord):
    """The measured times of a design: the plain forward, and what else was requested."""

    threads: int
    dtype: str
    device: Annotated[str, describe("cpu, or the name of a GPU.")]
    others: list[TimedRunRecord]


def record(report: Report) -> TimeRecord:
    """The forward, and whatever else was timed."""
    time = _time(report)
    forward, *others = (_run(run, time.roofline_share(run, report.roofline)) for run in time.runs)
    return record_from(TimeRecord, time, **forward, others=[TimedRunRecord(**other) for other in others])


def _run(run: TimedRun, share: Fraction | None) -> dict[str, Any]:
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
    """The ratio of the medians of the forwards; null if their spreads overlap."""
    base, run = _time(first).forward, _time(other).forward
    return {"seconds": data(times_ratio(base, run)) if can_tell_apart(base, run) else None}


def cells(report: Report) -> dict[str, Any]:
    """The columns of the forward."""
    found = record(report)
    return {f"time_{name}": getattr(found, name) for name in COLUMNS}


def _time(report: Report) -> Timing:
    assert report.time
    return report.time
