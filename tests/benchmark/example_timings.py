"""Measurements that were never made: of a machine, of candidates, of the founding pair."""

from dataclasses import replace

import convcost
from convcost.benchmark.machine import Machine, MeasuredPeak
from convcost.benchmark.samples import Samples
from convcost.benchmark.timing import TimedRun, Timing
from convcost.core.comparison import Comparison

MACHINE = Machine(
    name="Toy CPU",
    on="cpu",
    memory=None,
    measured="2026-11-23 10:00 UTC",
    torch="2.13.0",
    threads=2,
    peaks={"float32": MeasuredPeak(100 * 10**9, "product of two matrices of 512 x 512", 0.02)},
    bandwidth=MeasuredPeak(10 * 10**9, "copy of 128 MiB, read and written", 0.01),
    caches={
        2**20: MeasuredPeak(100 * 10**9, "copy of 0.5 MiB, read and written", 0.03),
        2**22: MeasuredPeak(50 * 10**9, "copy of 2 MiB, read and written", 0.03),
    },
    overheads={"layer": 5e-6, "convolution": 10e-6, "grouped convolution": 50e-6},
    noise=0.05,
    skipped={"float16": "more than 100 times slower than float32"},
)

FOUNDING = ("dense = [B, S, L*E] -> Linear(L*E, E)", "conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)")


def samples(*microseconds, calls=1):
    return Samples(tuple(each / 1e6 for each in microseconds), calls)


def timing(*runs, threads=2, dtype="float32", device="cpu"):
    return Timing(runs, threads, dtype, device)


def forward(*microseconds, flops=None, **others):
    return TimedRun(
        "forward", samples=samples(*microseconds) if microseconds else None, flops=flops, **others
    )


def founding(*times, B=64):  # noqa: N803
    """The founding pair with these times."""
    reports = convcost.compare(*FOUNDING, E=128, L=10, B=B, S=1).candidates
    return Comparison(tuple(replace(report, time=time) for report, time in zip(reports, times, strict=True)))
