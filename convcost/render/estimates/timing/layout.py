"""Measured times laid out: candidates side by side, what was timed one below the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from convcost.benchmark.samples import Samples
from convcost.benchmark.timing import Run, Timing, can_tell_apart, times_ratio
from convcost.core.report import Report
from convcost.core.units import NONE, duration, human, percent, ratio
from convcost.render.candidates import beside, columns
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.timing.sentences import notes
from convcost.render.interface import Style

UNCLEAR = "unclear"
"""In place of a ratio, where the spreads overlap."""


class Timed(NamedTuple):
    """A candidate, and what was measured of it."""

    report: Report
    time: Timing


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of what was measured, and what it means."""
    found = [Timed(report, report.time) for report in reports if report.time]
    first = found[0].time
    heading = f"measured on {first.device}, {first.dtype}"
    lines = tuple(line for kind in first.runs for line in _lines(kind, found))
    return Section((Table((heading, *columns(reports)), lines),), tuple(notes(reports)))


def label(run: Run) -> str:
    """What was timed: training step, compiled."""
    what = "forward" if run.what == "forward" else "training step"
    return f"{what}, compiled" if run.compiled else what


def _lines(kind: Run, found: list[Timed]) -> Iterator[Line]:
    runs = [timed.time.like(kind) or kind for timed in found]
    ratios = [_ratio(runs[0], run) for run in runs[1:]]
    yield Line(label(kind), beside([_of(run, _median) for run in runs], ratios))
    blank = [""] * len(ratios)
    yield Line("middle half", beside([_of(run, middle) for run in runs], blank), minor=True)
    yield Line("achieved", beside([_speed(run) for run in runs], blank), minor=True)
    shares = [timed.time.of_least(run, timed.report.roofline) for run, timed in zip(runs, found, strict=True)]
    if any(share is not None for share in shares):
        yield Line("of the roofline", beside(list(map(percent, shares)), blank), minor=True)
    if any(run.peak for run in runs):
        yield Line("peak of memory", beside([_peak(run) for run in runs], blank), minor=True)


def _ratio(first: Run, other: Run) -> str:
    found = times_ratio(first, other)
    return UNCLEAR if found is not None and not can_tell_apart(first, other) else ratio(found)


def _of(run: Run, write: Callable[[Samples], str]) -> str:
    return write(run.samples) if run.samples else NONE


def _median(samples: Samples) -> str:
    return duration(samples.median)


def middle(samples: Samples) -> str:
    """What the middle half of the rounds took: 1.20–1.35 ms, 990.0 µs–1.01 ms."""
    low, high = map(duration, samples.quartiles)
    number, _, unit = low.partition(" ")
    is_one_unit = high.partition(" ")[2] == unit
    return f"{number if is_one_unit else low}–{high}"


def _speed(run: Run) -> str:
    return human(run.flops_per_second, "FLOP/s") if run.flops_per_second else NONE


def _peak(run: Run) -> str:
    return human(run.peak, "B") if run.peak else NONE
