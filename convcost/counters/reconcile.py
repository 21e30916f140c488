"""A counter's figure beside the exact count: why it differs, and the verdict, which is decided here alone."""

from __future__ import annotations

from collections.abc import Mapping

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import EXTRAS, MISSED, Cause, Opinion
from convcost.core.report import CounterResult, Verdict
from convcost.core.trace import Trace
from convcost.counters.causes import causes
from convcost.counters.interface import Counter, Reading
from convcost.counters.phrases import reason


def judge(
    trace: Trace, counter: Counter, reading: Reading, places: Mapping[str, int], macs: int | None = None
) -> Opinion:
    """What `reading` is, against 2 × MACs with the taps on padding, which is what counters count.

    The exact count is that of the `trace`, or `macs` where a formula for the whole design gives it.
    """
    exact = trace.total("forward").macs if macs is None else macs
    found = causes(trace, counter, reading, places, exact)
    flops = reading.raw * (FLOPS_PER_MAC if counter.unit == "MACs" else 1)
    result = CounterResult(verdict(found), flops, reading.raw, counter.unit.removesuffix("s"), "")
    return Opinion(counter.title, result, found, (reading.note,) if reading.note else ())


def verdict(found: tuple[Cause, ...]) -> Verdict:
    """What a difference with these causes amounts to.

    A counter agrees if it counts the same products, beside which it may have known extras; it is blind if
    all it lacks is work that it does not see.
    """
    others = [cause for cause in found if cause.kind not in EXTRAS]
    if sum(cause.flops for cause in others) == 0:
        return "agrees"
    return "blind" if all(cause.kind in MISSED for cause in others) else "differs"


def summary(opinion: Opinion) -> CounterResult:
    """An opinion in a line: FLOPs of products alone, none where the counter is blind, and why."""
    flops = opinion.result.flops
    if flops is not None:
        extras = sum(cause.flops for cause in opinion.causes if cause.kind in EXTRAS)
        flops = None if opinion.result.verdict == "blind" else flops - extras
    return opinion.result._replace(flops=flops, reason=reason(opinion))
