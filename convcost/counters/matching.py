"""A counter's entries against the trace's operations, submodule by submodule, until nothing is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from convcost.core.diagnosis import Kind
from convcost.counters.calls import Entry, Exact, bias_adds, by_path, choices, inside_out, pairs, within
from convcost.counters.cause_list import CauseList
from convcost.counters.recognised import recognised

Name = Callable[[str, str], str]
"""What a cause about an operator at a path is said to be about."""

Step = Callable[[list[Exact], list[Entry]], None]


class Matching:
    """Takes away, step by step, what agrees and what differs for a known reason."""

    def __init__(
        self, exact: list[Exact], entries: list[Entry], ledger: CauseList, name: Name, flops_per_add: int
    ) -> None:
        self.exact = exact
        self.entries = entries
        self._ledger = ledger
        self._name = name
        self._flops_per_add = flops_per_add
        self.once: set[int] = set()
        """Operations of which some call was counted, by identity."""

    def settle(self) -> None:
        """Within each submodule first, then within what contains several, from the inside out."""
        exact, entries = by_path(self.exact), by_path(self.entries)
        inside = (self._same, self._same_totals, self._sum, self._recognised, self._sums)
        for path in exact.keys() & entries.keys():
            self._settle(exact[path], entries[path], inside)
        for path in inside_out(found.path for found in self.entries if found.calls):
            self._settle(within(path, self.exact), within(path, self.entries), (self._same, self._sums))

    def _settle(self, exact: list[Exact], entries: list[Entry], steps: tuple[Step, ...]) -> None:
        for step in steps:
            exact = [found for found in exact if found.calls]
            entries = [entry for entry in entries if entry.calls]
            if exact and entries:
                step(exact, entries)

    def _same(self, exact: list[Exact], entries: list[Entry]) -> None:
        """Calls of one cost."""
        for entry, found in pairs(entries, exact):
            if entry.flops == found.flops:
                self._take(entry, found)

    def _same_totals(self, exact: list[Exact], entries: list[Entry]) -> None:
        """All calls of one operation, counted together or in parts."""
        for entry, found in pairs(entries, exact):
            if entry.total == found.total:
                self._clear([found], [entry])

    def _recognised(self, exact: list[Exact], entries: list[Entry]) -> None:
        """Calls counted by a known other formula."""
        for entry, found in pairs(entries, exact):
            parts = recognised(found.operation, entry.flops, self._flops_per_add)
            if parts is not None:
                calls = self._take(entry, found)
                for kind, flops in parts:
                    self._add(kind, found, flops * calls, calls)

    def _sum(self, exact: list[Exact], entries: list[Entry]) -> None:
        """All operations of the submodule, counted as their parts."""
        if sum(entry.total for entry in entries) == sum(found.total for found in exact):
            self._clear(exact, entries)

    def _sums(self, exact: list[Exact], entries: list[Entry]) -> None:
        """Some operations, counted as their parts: with their bias adds or without."""
        counted = sum(entry.total for entry in entries)
        for chosen in choices(exact):
            surplus = counted - sum(found.total for found in chosen)
            added = [self._flops_per_add * bias_adds(found) for found in chosen]
            if surplus in {0, sum(added)}:
                for found, flops in zip(chosen, added if surplus else (), strict=False):
                    self._add("bias adds", found, flops, found.calls)
                return self._clear(chosen, entries)

    def _add(self, kind: Kind, found: Exact, flops: int, calls: int) -> None:
        subject = self._name(found.operation.operator, found.path)
        self._ledger.add(kind, subject, found.path, flops, calls)

    def _take(self, entry: Entry, found: Exact) -> int:
        calls = min(entry.calls, found.calls)
        entry.calls -= calls
        found.calls -= calls
        self.once.add(id(found))
        return calls

    def _clear(self, exact: Iterable[Exact], entries: Iterable[Entry]) -> None:
        for found in exact:
            found.calls = 0
        for entry in entries:
            entry.calls = 0
