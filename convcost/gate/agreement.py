"""What counters say of an entry: a figure that has to be the exact one."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.core.report import CounterResult
from convcost.gate.check import LimitCheck
from convcost.gate.counting import CountedEntry
from convcost.spec import Spec


def agreements(counted: CountedEntry) -> tuple[LimitCheck, ...]:
    """A check for each counter that has to agree; one that can't be asked does not.

    A counter agrees if it counts the same products, whatever else it has beside them.
    """
    return tuple(
        LimitCheck("agree_with", name, result.verdict == "agrees", result.verdict, reason=result.reason)
        for name, result in _results(counted)
    )


def _results(counted: CountedEntry) -> Iterator[tuple[str, CounterResult]]:
    entry = counted.entry
    if counted.report.open_names:
        names = ", ".join(counted.report.open_names)
        skipped = CounterResult("skipped", None, None, "", f"a counter needs numbers for {names}")
        yield from ((name, skipped) for name in entry.counters)
    elif isinstance(entry.subject, Spec):
        from convcost.counters import COUNTERS
        from convcost.counters.crosscheck import crosscheck_design

        counters = tuple(COUNTERS[name] for name in entry.counters)
        yield from crosscheck_design(entry.subject.network(entry.sizes), counted.report, counters)
    else:
        yield from _of_model(counted)


def _of_model(counted: CountedEntry) -> Iterator[tuple[str, CounterResult]]:
    from convcost.counters import ALL_COUNTERS
    from convcost.counters.crosscheck import crosscheck_model

    found = counted.profiled
    assert found
    counters = tuple(ALL_COUNTERS[name] for name in counted.entry.counters)
    for name, diagnosis in crosscheck_model(found.module, found.args, found.kwargs, counted.report, counters):
        yield name, diagnosis.summary
