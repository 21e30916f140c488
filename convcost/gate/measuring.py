"""Every entry counted once and its checks made; what is wrong with entries is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeVar

from convcost.errors import ConvcostError
from convcost.gate.check import Check, limit_check
from convcost.gate.config import Config
from convcost.gate.counting import Counted, counted
from convcost.gate.entry import Entry
from convcost.gate.kinds import Misfit
from convcost.gate.source import ConfigError
from convcost.report import Report

Part = TypeVar("Part")


class Measured(NamedTuple):
    """An entry that was counted, and its checks."""

    counted: Counted
    checks: tuple[Check, ...]


def measured(config: Config, entries: Iterable[Entry]) -> list[Measured]:
    """The entries with their checks; ConfigError with every place where one can't be counted or checked."""
    measuring = _Measuring(config)
    found = [measuring.measured(entry) for entry in entries]
    if measuring.misfits:
        raise ConfigError(map(config.source.problem, measuring.misfits))
    return [each for each in found if each]


class _Measuring:
    """What is counted so far, and what was wrong."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.misfits: list[Misfit] = []
        self._known: dict[str, Counted | None] = {}

    def measured(self, entry: Entry) -> Measured | None:
        found = self._counted(entry.name)
        if not found:
            return None
        checks = [*incomplete(found.report), *self._limits(found), *_agreements(found)]
        self._known[entry.name] = replace(found, profiled=None)
        return Measured(replace(found, profiled=None), tuple(checks))

    def _counted(self, name: str) -> Counted | None:
        """The entry counted; models are let go of once their counters have been asked."""
        if name not in self._known:
            entry, folder = self.config.entries[name], self.config.source.folder
            self._known[name] = self._at(entry, entry.key, lambda: counted(entry, folder))
        return self._known[name]

    def _limits(self, found: Counted) -> Iterator[Check]:
        for limit in found.entry.limits:
            base = self._counted(limit.per) if limit.per else None
            if base or not limit.per:
                check = self._at(found.entry, limit.key, lambda: limit_check(limit, found, base))  # noqa: B023
                yield from [check] if check else []

    def _at(self, entry: Entry, key: str, work: Callable[[], Part]) -> Part | None:
        """What `work` returns; what it raises is a misfit at the entry's `key`."""
        try:
            return work()
        except ConvcostError as error:
            self.misfits.append(Misfit(("entries", entry.name, key), str(error)))
            return None


def _agreements(found: Counted) -> Iterable[Check]:
    if not found.entry.counters:
        return ()
    from convcost.gate.agreement import agreements

    return agreements(found)


def incomplete(report: Report) -> Iterator[Check]:
    """A check that fails where operators are not in the count."""
    if report.trace and report.trace.is_partial:
        uncounted = report.trace.uncounted
        missed = ", ".join(dict.fromkeys(found.operator for found in uncounted if not found.reason))
        reasons = [f"there is no formula for {missed}"] if missed else []
        reasons += dict.fromkeys(f"{found.operator}: {found.reason}" for found in uncounted if found.reason)
        yield Check("formulas", "", False, "partial", reason="; ".join(reasons))
