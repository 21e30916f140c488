"""Calls on both sides that are not accounted for yet: what ran, and what a counter counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.trace import Operation
from convcost.counters.interface import CounterEntry

MOST_OPERATIONS = 12
"""So many different ones at one place are tried in every combination."""


@dataclass
class Exact:
    """Calls of an operation that are not accounted for yet; `flops` are those of one call."""

    operation: Operation
    flops: int
    calls: int

    @property
    def path(self) -> str:
        """The submodule."""
        return self.operation.path

    @property
    def total(self) -> int:
        """Of all calls that are left."""
        return self.flops * self.calls


@dataclass
class Entry:
    """Calls that a counter counted and that are not accounted for yet; `flops` are those of one call."""

    found: CounterEntry
    flops: int
    calls: int

    @property
    def path(self) -> str:
        """The submodule."""
        return self.found.path

    @property
    def total(self) -> int:
        """Of all calls that are left."""
        return self.flops * self.calls


def exact_calls(operations: Iterable[Operation]) -> list[Exact]:
    """What multiplies and accumulates in a forward."""
    return [_exact(found) for found in operations if found.phase == "forward" and found.cost.macs]


def _exact(operation: Operation) -> Exact:
    flops = FLOPS_PER_MAC * operation.cost.macs
    is_even = flops % operation.calls == 0
    return Exact(operation, flops // operation.calls if is_even else flops, operation.calls if is_even else 1)


def pairs(entries: list[Entry], exact: list[Exact]) -> Iterator[tuple[Entry, Exact]]:
    """Each entry beside each operation, as long as calls of both are left."""
    for entry in entries:
        for found in exact:
            if entry.calls and found.calls:
                yield entry, found


def choices(exact: list[Exact]) -> Iterator[tuple[Exact, ...]]:
    """All of them; then, if they are few, every smaller choice, the larger ones first."""
    yield tuple(exact)
    if len(exact) <= MOST_OPERATIONS:
        for size in range(len(exact) - 1, 0, -1):
            yield from combinations(exact, size)


def bias_adds(found: Exact) -> int:
    """Those of the calls that are left."""
    return found.operation.cost.bias_adds // found.operation.calls * found.calls


Calls = TypeVar("Calls", Exact, Entry)


def by_path(calls: Iterable[Calls]) -> dict[str, list[Calls]]:
    """The calls of each submodule."""
    found: dict[str, list[Calls]] = defaultdict(list)
    for each in calls:
        found[each.path].append(each)
    return found


def within(path: str, calls: Iterable[Calls]) -> list[Calls]:
    """The calls of a submodule and of those in it."""
    return [each for each in calls if not path or f"{each.path}.".startswith(f"{path}.")]


def inside_out(paths: Iterable[str]) -> list[str]:
    """The paths and all that contain them, the longest first."""
    split = {tuple(path.split(".")) if path else () for path in paths}
    around = {names[:depth] for names in split for depth in range(len(names) + 1)}
    return [".".join(names) for names in sorted(around, key=lambda names: (-len(names), names))]
