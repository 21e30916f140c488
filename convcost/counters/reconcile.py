"""A counter's figure beside the exact count: does it agree, and if not, why."""

from __future__ import annotations

from collections import Counter as Tally

from convcost.counters.interface import Counter, Reading
from convcost.quantities import FLOPS_PER_MAC
from convcost.report import CounterResult, Report, Verdict


def judge(report: Report, counter: Counter, reading: Reading) -> CounterResult:
    """The verdict on `reading`, against 2 × MACs with the taps on padding, which is what counters count."""
    flops = _as_flops(reading.contractions, counter)
    exact = FLOPS_PER_MAC * report.macs
    if flops == exact:
        return _result("agrees", flops, counter, reading, _aside(reading, counter))
    if reading.missed:
        return _result("blind", None, counter, reading, _missed(reading, counter))
    return _result("differs", flops, counter, reading, _difference(report, flops - exact))


def _as_flops(figure: int, counter: Counter) -> int:
    return figure * (FLOPS_PER_MAC if counter.unit == "MACs" else 1)


def _result(
    verdict: Verdict, flops: int | None, counter: Counter, reading: Reading, reason: str
) -> CounterResult:
    return CounterResult(verdict, flops, reading.raw, counter.unit.removesuffix("s"), reason)


def _aside(reading: Reading, counter: Counter) -> str:
    """What stands beside an agreeing figure: convcost's own help, and elementwise work in the raw one."""
    others = ", ".join(f"{count:,} of {name}" for name, count in reading.others.items())
    beside = f"its own figure also has {others}, which is no contraction" if others else ""
    return "; ".join(part for part in (reading.note, beside) if part)


def _missed(reading: Reading, counter: Counter) -> str:
    calls: Tally[str] = Tally()
    for found in reading.missed:
        calls[found.operator] += found.calls
    missed = " and ".join(f"{name} ({number} call{'s' * (number != 1)})" for name, number in calls.items())
    rest = _as_flops(reading.contractions, counter)
    return f"it has no formula for {missed}" + (f"; the rest comes to {rest:,} FLOPs" if rest else "")


def _difference(report: Report, surplus: int) -> str:
    amount = f"{abs(surplus):,} FLOPs {'more' if surplus > 0 else 'fewer'} than 2 × MACs"
    if surplus == report.bias_adds:
        return f"{amount}: it counts the bias adds"
    if surplus == report.elementwise:
        return f"{amount}: it counts elementwise work"
    return f"{amount}, unexplained"
