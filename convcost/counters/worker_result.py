"""What came of running a counter, and how it is told by one process to another: as plain lists."""

from __future__ import annotations

from typing import Any, NamedTuple

from convcost.counters.interface import CounterEntry, Missed, Reading


class WorkerResult(NamedTuple):
    """A reading or an error, and what the counter left behind."""

    reading: Reading | None
    error: str
    altered: tuple[str, ...]


def worker_result(told: list[Any]) -> WorkerResult:
    """What was told, with its types."""
    reading, error, altered = told
    return WorkerResult(_reading(*reading) if reading else None, error, tuple(altered))


def _reading(
    total: int, counted: list[Any], missed: list[Any], supplied: list[Any], params: int | None, note: str
) -> Reading:
    return Reading(
        total,
        tuple(_counted(*each) for each in counted),
        tuple(Missed(*each) for each in missed),
        tuple(_counted(*each) for each in supplied),
        params,
        note,
    )


def _counted(
    path: str, operator: str, amount: int, shares: list[Any], calls: int, rule: int | None
) -> CounterEntry:
    return CounterEntry(path, operator, amount, tuple((kind, share) for kind, share in shares), calls, rule)
