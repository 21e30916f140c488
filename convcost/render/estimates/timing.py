"""Measured times of the candidates side by side, with notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from convcost.analysis.roofline import Roofline
from convcost.benchmark.machine import threads_text
from convcost.benchmark.samples import Samples
from convcost.benchmark.timing import TimedRun, Timing, can_tell_apart, times_ratio
from convcost.core.report import Report
from convcost.core.units import NONE, duration, human, percent, ratio
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.roofline import bound_reason, bound_text
from convcost.render.notes import costs_against
from convcost.render.quantities import candidate_columns, with_ratios
from convcost.render.style import Style

UNCLEAR = "unclear"
"""The cell of a ratio if spreads overlap."""

STEP_NOTE = "A training step is a forward and backward pass in training mode, without an optimizer."

FEWER_THREADS_HINT = "--threads 1 reduces this."

OWN_ROOFLINE_HINT = "--device this compares them with this machine's."

SLOWDOWN_FACTOR = 10

CACHE_NOTE = "More than 100% of a roofline: caches hold the data, or the device exceeds its listed figures."


class TimedReport(NamedTuple):
    """A candidate with its measured times."""

    report: Report
    time: Timing


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of measured times, and notes."""
    found = [TimedReport(report, report.time) for report in reports if report.time]
    first = found[0].time
    heading = f"measured on {first.device}, {first.dtype}"
    lines = tuple(line for kind in first.runs for line in _run_lines(kind, found))
    return Section((Table((heading, *candidate_columns(reports)), lines),), tuple(timing_notes(reports)))


def label(run: TimedRun) -> str:
    """The label of a timed run: training step, compiled."""
    what = "forward" if run.what == "forward" else "training step"
    return f"{what}, compiled" if run.compiled else what


def _run_lines(kind: TimedRun, found: list[TimedReport]) -> Iterator[Line]:
    runs = [timed.time.same_kind_run(kind) or kind for timed in found]
    ratios = [_ratio_text(runs[0], run) for run in runs[1:]]
    yield Line(label(kind), with_ratios([_sample_text(run, _median) for run in runs], ratios))
    yield Line("quartiles", with_ratios([_sample_text(run, middle_half) for run in runs]), minor=True)
    yield Line("achieved", with_ratios([_speed_text(run) for run in runs]), minor=True)
    shares = [
        timed.time.roofline_share(run, timed.report.roofline) for run, timed in zip(runs, found, strict=True)
    ]
    if any(share is not None for share in shares):
        yield Line("of the roofline", with_ratios(list(map(percent, shares))), minor=True)
    if any(run.peak for run in runs):
        yield Line("peak memory", with_ratios([_peak_text(run) for run in runs]), minor=True)


def _ratio_text(first: TimedRun, other: TimedRun) -> str:
    found = times_ratio(first, other)
    return UNCLEAR if found is not None and not can_tell_apart(first, other) else ratio(found)


def _sample_text(run: TimedRun, write: Callable[[Samples], str]) -> str:
    return write(run.samples) if run.samples else NONE


def _median(samples: Samples) -> str:
    return duration(samples.median)


def middle_half(samples: Samples) -> str:
    """The quartiles of the rounds: 1.20–1.35 ms, 990.0 µs–1.01 ms."""
    low, high = map(duration, samples.quartiles)
    number, _, unit = low.partition(" ")
    is_one_unit = high.partition(" ")[2] == unit
    return f"{number if is_one_unit else low}–{high}"


def _speed_text(run: TimedRun) -> str:
    return human(run.flops_per_second, "FLOP/s") if run.flops_per_second else NONE


def _peak_text(run: TimedRun) -> str:
    return human(run.peak, "B") if run.peak else NONE


def timing_notes(reports: Sequence[Report]) -> Iterator[str]:
    """Notes: how the candidates compare, what failed, and how times were measured."""
    first, *others = reports
    for other in others:
        yield from _comparison(first, other)
    yield from _failures(reports)
    yield from _disturbances(reports)
    yield from _about_rooflines(reports)
    if first.time:
        yield _method(first.time, several=bool(others))


def _comparison(first: Report, other: Report) -> Iterator[str]:
    """conv costs 6.00× the FLOPs of dense and takes 2.10× the time here: dense is memory-bound (…)."""
    if not first.time or not other.time:
        return
    base, run = first.time.forward, other.time.forward
    seconds = times_ratio(base, run)
    if seconds is None:
        return
    start = costs_against(first, other)
    if not can_tell_apart(base, run):
        yield f"{start}; their times overlap too much to tell which takes longer."
        return
    yield f"{start} and takes {ratio(seconds)} the time here: {_time_reason(first, other)}."


def _time_reason(first: Report, other: Report) -> str:
    """What bounds each of the two; the FLOP/s of each if that is unknown or explains nothing."""
    one, two = _own_roofline(first), _own_roofline(other)
    if not one or not two or _is_slowed(first) or _is_slowed(other):
        return f"{first.name} reaches {_achieved_text(first)}, {other.name} {_achieved_text(other)}"
    pairs = (first.name, one), (other.name, two)
    if idle := " and ".join(name for name, roofline in pairs if not roofline.seconds):
        return f"there is nothing to compute or move in {idle}"
    are_mostly_calls = [is_mostly_calls(roofline) for _, roofline in pairs]
    if not any(are_mostly_calls):
        return bound_reason(*pairs)
    if all(are_mostly_calls):
        return "calling their layers takes longer than what both compute and move"
    return ", ".join(_bound_text(name, roofline) for name, roofline in pairs)


def _own_roofline(report: Report) -> Roofline | None:
    """The forward's roofline, if it is of the device that times were measured on."""
    roofline = report.time.comparable(report.roofline) if report.time else None
    return roofline and roofline.forward


def is_mostly_calls(roofline: Roofline) -> bool:
    """Whether the overhead of its calls is known to exceed its lower bound."""
    return roofline.overhead is not None and roofline.overhead > roofline.seconds


def _bound_text(name: str, roofline: Roofline) -> str:
    if is_mostly_calls(roofline):
        return f"{name} is bound by the overhead of its calls"
    return f"{name} is {bound_text(roofline)}"


def _achieved_text(report: Report) -> str:
    speed = report.time.forward.flops_per_second if report.time else None
    return human(speed or 0, "FLOP/s")


def _failures(reports: Sequence[Report]) -> Iterator[str]:
    for report in reports:
        for run in report.time.runs if report.time else ():
            if run.failure:
                yield f"{report.name}{_run_name(run)} could not be timed: {run.failure}."


def _disturbances(reports: Sequence[Report]) -> Iterator[str]:
    """Notes on designs whose rounds vary widely, or that took far too long."""
    runs = [
        (report, report.time, run.samples) for report in reports if report.time for run in report.time.runs
    ]
    noisy = (report.name for report, _, samples in runs if samples and samples.spread * 2 > samples.median)
    advice = f" {FEWER_THREADS_HINT}" if any(time.threads > 1 for _, time, _ in runs) else ""
    if names := ", ".join(dict.fromkeys(noisy)):
        yield f"The times of {names} vary widely between rounds: other processes may have interfered.{advice}"
    if names := ", ".join(report.name for report in reports if _is_slowed(report)):
        explained = (
            f"{names} took more than {SLOWDOWN_FACTOR} times as long as their work and call overhead explain"
        )
        yield f"{explained}: other processes may have interfered.{advice}"


def _is_slowed(report: Report) -> bool:
    """Whether a forward that is mostly call overhead took much longer than that explains."""
    samples, roofline = report.time and report.time.forward.samples, _own_roofline(report)
    if not samples or not roofline or not is_mostly_calls(roofline):
        return False
    return samples.median > SLOWDOWN_FACTOR * (roofline.seconds + (roofline.overhead or 0))


def _run_name(run: TimedRun) -> str:
    what = "'s training step" if run.what == "step" else ""
    return f"{what}, compiled," if run.compiled else what


def _about_rooflines(reports: Sequence[Report]) -> Iterator[str]:
    found = [(report.time, report.roofline) for report in reports if report.time and report.roofline]
    shares = [time.roofline_share(run, roofline) for time, roofline in found for run in time.runs]
    if any(share is not None and share > 1 for share in shares):
        yield CACHE_NOTE
    others = [
        (time.processor or time.device, roofline.device.name)
        for time, roofline in found
        if not time.comparable(roofline)
    ]
    for here, name in dict.fromkeys(others):
        mismatch = f"Times were measured on {here}, so they are not compared with the roofline of {name}"
        yield f"{mismatch}; {OWN_ROOFLINE_HINT}"


def _method(time: Timing, several: bool) -> str:
    """Medians of 25 rounds, on 2 threads."""
    samples = time.forward.samples
    how = f"{len(samples.seconds)} {'interleaved ' if several else ''}rounds" if samples else "rounds"
    method = f"Times are medians of {how} on {threads_text(time.threads)}, without gradients."
    return f"{method} {STEP_NOTE}" if any(run.what == "step" for run in time.runs) else method
