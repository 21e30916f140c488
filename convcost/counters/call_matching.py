"""Matches a counter's calls with those of the trace, to find the causes of differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Generic, TypeAlias, TypeVar

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import Cause, CauseKind
from convcost.core.trace import Operation
from convcost.counters.interface import CounterEntry
from convcost.counters.known_formulas import explain_figure

MAX_OPERATIONS = 12
"""The most different operations of a submodule that are tried in all combinations."""


@dataclass
class CauseList:
    """Causes of a difference, collected by kind and subject over all submodules."""

    causes: dict[tuple[CauseKind, str], Cause] = field(default_factory=dict)

    def add(self, kind: CauseKind, subject: str, path: str, flops: int, calls: int = 1) -> None:
        """Add a cause: `calls` at `path` increase the counter's figure by `flops` in total."""
        if not flops:
            return
        before = self.causes.get((kind, subject), Cause(kind, subject, 0, 0, ()))
        self.causes[kind, subject] = before._replace(
            flops=before.flops + flops,
            calls=before.calls + calls,
            paths=tuple(dict.fromkeys((*before.paths, path))),
        )

    @property
    def total(self) -> int:
        """The sum of all causes, in FLOPs."""
        return sum(cause.flops for cause in self.causes.values())

    @property
    def sorted(self) -> tuple[Cause, ...]:
        """The causes, the largest first, the unexplained one last."""
        causes = sorted(self.causes.values(), key=lambda cause: -abs(cause.flops))
        return tuple(sorted(causes, key=lambda cause: cause.kind == CauseKind.UNEXPLAINED))


Source = TypeVar("Source", Operation, CounterEntry)


@dataclass
class UnmatchedCalls(Generic[Source]):
    """Unmatched calls of an operation or of a counter's entry, with `flops` per call."""

    source: Source
    flops: int
    calls: int

    @property
    def path(self) -> str:
        """The path of the submodule."""
        return self.source.path

    @property
    def total(self) -> int:
        """The FLOPs of all remaining calls."""
        return self.flops * self.calls


OperationCalls: TypeAlias = UnmatchedCalls[Operation]
EntryCalls: TypeAlias = UnmatchedCalls[CounterEntry]


def bias_adds(unmatched: OperationCalls) -> int:
    """The bias adds of all remaining calls."""
    operation = unmatched.source
    return operation.cost.bias_adds // operation.calls * unmatched.calls


def operation_calls(operations: Iterable[Operation]) -> list[OperationCalls]:
    """The calls that multiply and accumulate. Calls of different costs become a single one."""
    unmatched = []
    for operation in operations:
        flops, calls = FLOPS_PER_MAC * operation.cost.macs, operation.calls
        if flops:
            is_even = flops % calls == 0
            unmatched.append(
                OperationCalls(operation, flops // calls if is_even else flops, calls if is_even else 1)
            )
    return unmatched


SubjectOf = Callable[[str, str], str]
"""The subject of a cause, by its operator and path."""

Step = Callable[[list[OperationCalls], list[EntryCalls]], None]


class CallMatcher:
    """Removes calls that agree, and calls that differ by a known cause, which is recorded."""

    def __init__(
        self,
        operations: list[OperationCalls],
        entries: list[EntryCalls],
        causes: CauseList,
        subject_of: SubjectOf,
        flops_per_add: int,
    ) -> None:
        self.operations = operations
        self.entries = entries
        self._causes = causes
        self._subject_of = subject_of
        self._flops_per_add = flops_per_add
        self._matched: set[int] = set()

    def was_matched(self, calls: OperationCalls) -> bool:
        """Whether some calls of the operation were counted."""
        return id(calls) in self._matched

    def match(self) -> None:
        """Match calls within each submodule, then within those that contain several, innermost first."""
        operations, entries = _by_path(self.operations), _by_path(self.entries)
        steps = (
            self._match_equal_calls,
            self._match_equal_totals,
            self._match_whole_submodule,
            self._match_known_formulas,
            self._match_combinations,
        )
        for path in operations.keys() & entries.keys():
            self._run(steps, operations[path], entries[path])
        outer_steps = (self._match_equal_calls, self._match_combinations)
        for path in _inside_out(entry.path for entry in self.entries if entry.calls):
            self._run(outer_steps, _within(path, self.operations), _within(path, self.entries))

    def _run(
        self, steps: tuple[Step, ...], operations: list[OperationCalls], entries: list[EntryCalls]
    ) -> None:
        for step in steps:
            operations = [each for each in operations if each.calls]
            entries = [each for each in entries if each.calls]
            if operations and entries:
                step(operations, entries)

    def _match_equal_calls(self, operations: list[OperationCalls], entries: list[EntryCalls]) -> None:
        for entry, operation in _pairs(entries, operations):
            if entry.flops == operation.flops:
                self._take(entry, operation)

    def _match_equal_totals(self, operations: list[OperationCalls], entries: list[EntryCalls]) -> None:
        """Match all calls of one operation, counted at once or in parts."""
        for entry, operation in _pairs(entries, operations):
            if entry.total == operation.total:
                _clear([operation], [entry])

    def _match_whole_submodule(self, operations: list[OperationCalls], entries: list[EntryCalls]) -> None:
        """Match all operations of the submodule at once."""
        if _total(entries) == _total(operations):
            _clear(operations, entries)

    def _match_known_formulas(self, operations: list[OperationCalls], entries: list[EntryCalls]) -> None:
        """Match calls counted with another known formula."""
        for entry, operation in _pairs(entries, operations):
            additions = explain_figure(operation.source, entry.flops, self._flops_per_add)
            if additions is not None:
                calls = self._take(entry, operation)
                for kind, flops in additions:
                    self._add(kind, operation, flops * calls, calls)

    def _match_combinations(self, operations: list[OperationCalls], entries: list[EntryCalls]) -> None:
        """Match some of the operations with all entries, with or without bias adds."""
        counted = _total(entries)
        for subset in _combinations(operations):
            surplus = counted - _total(subset)
            bias_flops = [self._flops_per_add * bias_adds(operation) for operation in subset]
            if surplus in {0, sum(bias_flops)}:
                for operation, flops in zip(subset, bias_flops if surplus else (), strict=False):
                    self._add(CauseKind.BIAS_ADDS, operation, flops, operation.calls)
                return _clear(subset, entries)

    def _add(self, kind: CauseKind, calls: OperationCalls, flops: int, number: int) -> None:
        subject = self._subject_of(calls.source.operator, calls.path)
        self._causes.add(kind, subject, calls.path, flops, number)

    def _take(self, entry: EntryCalls, operation: OperationCalls) -> int:
        """Remove the number of calls that both have."""
        calls = min(entry.calls, operation.calls)
        entry.calls -= calls
        operation.calls -= calls
        self._matched.add(id(operation))
        return calls


def _clear(operations: Iterable[OperationCalls], entries: Iterable[EntryCalls]) -> None:
    for operation in operations:
        operation.calls = 0
    for entry in entries:
        entry.calls = 0


def _total(calls: Iterable[OperationCalls] | Iterable[EntryCalls]) -> int:
    return sum(each.total for each in calls)


def _pairs(
    entries: list[EntryCalls], operations: list[OperationCalls]
) -> Iterator[tuple[EntryCalls, OperationCalls]]:
    """Pairs of an entry and an operation that both have remaining calls."""
    for entry in entries:
        for operation in operations:
            if entry.calls and operation.calls:
                yield entry, operation


def _combinations(operations: list[OperationCalls]) -> Iterator[tuple[OperationCalls, ...]]:
    """All operations; then, if they are few, all smaller combinations, larger ones first."""
    yield tuple(operations)
    if len(operations) <= MAX_OPERATIONS:
        for size in range(len(operations) - 1, 0, -1):
            yield from combinations(operations, size)


Calls = TypeVar("Calls", OperationCalls, EntryCalls)


def _by_path(calls: Iterable[Calls]) -> dict[str, list[Calls]]:
    """The calls by submodule."""
    by_path: dict[str, list[Calls]] = defaultdict(list)
    for each in calls:
        by_path[each.path].append(each)
    return by_path


def _within(path: str, calls: Iterable[Calls]) -> list[Calls]:
    """The calls of a submodule and its submodules."""
    return [each for each in calls if not path or f"{each.path}.".startswith(f"{path}.")]


def _inside_out(paths: Iterable[str]) -> list[str]:
    """The paths and those of their containers, the deepest first."""
    split = {tuple(path.split(".")) if path else () for path in paths}
    containing = {names[:depth] for names in split for depth in range(len(names) + 1)}
    return [".".join(names) for names in sorted(containing, key=lambda names: (-len(names), names))]
