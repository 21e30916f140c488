"""Every entry counted once and its checks made; what is wrong with entries is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.gate.check import LimitCheck, made_check
from convcost.gate.config import Config
from convcost.gate.config_file import Problem
from convcost.gate.counting import CountedEntry, counted
from convcost.gate.entry import Entry, Model
from convcost.gate.limit import Formula
from convcost.gate.limit_check import limit_check
from convcost.gate.value_types import ConfigIssue

Part = TypeVar("Part")


class EvaluatedEntry(NamedTuple):
    """An entry that was counted, and its checks."""

    counted: CountedEntry
    checks: tuple[LimitCheck, ...]


class Evaluation(NamedTuple):
    """The entries that could be counted and checked, and what is wrong with the others."""

    found: tuple[EvaluatedEntry, ...]
    problems: tuple[Problem, ...] = ()


def evaluate_entries(config: Config, entries: Iterable[Entry]) -> Evaluation:
    """The entries with their checks, and every place where one can't be counted or checked."""
    chosen = tuple(entries)
    measuring = _Evaluator(config, chosen)
    found = [measuring.measured(entry) for entry in chosen]
    unfit = {misfit.path[1] for misfit in measuring.misfits}
    problems = dict.fromkeys(map(config.source.problem, measuring.misfits))
    return Evaluation(
        tuple(each for each in found if each and each.counted.entry.name not in unfit),
        tuple(sorted(problems, key=lambda problem: problem.line)),
    )


class _Evaluator:
    """What is counted so far, and what was wrong; models are counted first."""

    def __init__(self, config: Config, chosen: tuple[Entry, ...]) -> None:
        self.config = config
        self.misfits: list[ConfigIssue] = []
        self._known: dict[str, CountedEntry | None] = {}
        self._agreements: dict[str, tuple[LimitCheck, ...]] = {}
        self._run_models(chosen)

    def _run_models(self, chosen: tuple[Entry, ...]) -> None:
        """Those that are chosen, and those that a ratio is to, whose counters need not be asked.

        Counters are asked about specs there too, first: what they load is there for the models then.
        """
        wanted = {entry.name: entry for entry in chosen}
        for entry in chosen:
            for limit in entry.limits:
                if limit.per:
                    wanted.setdefault(limit.per, self.config.entries[limit.per]._replace(counters=()))
        models = [entry for entry in wanted.values() if isinstance(entry.subject, Model)]
        if not models:
            return
        from convcost.gate.model_runs import model_runs

        specs = [entry for entry in chosen if entry.counters and not isinstance(entry.subject, Model)]
        for entry, run in model_runs([*specs, *models], self.config.source.folder):
            if entry in specs:
                if run.report:
                    self._agreements[entry.name] = run.agreements
                continue
            if run.report is None:
                self.misfits.append(ConfigIssue(("entries", entry.name, entry.key), run.failure))
            self._known[entry.name] = CountedEntry(entry, run.report) if run.report else None
            self._agreements[entry.name] = run.agreements

    def measured(self, entry: Entry) -> EvaluatedEntry | None:
        found = self._counted(entry.name)
        if not found:
            return None
        checks = [*incomplete(found.report), *self._limits(found), *self._agreed(found)]
        return EvaluatedEntry(found, tuple(checks))

    def _counted(self, name: str) -> CountedEntry | None:
        if name not in self._known:
            entry, folder = self.config.entries[name], self.config.source.folder
            self._known[name] = self._at(entry, entry.key, lambda: counted(entry, folder))
        return self._known[name]

    def _limits(self, found: CountedEntry) -> Iterator[LimitCheck]:
        for limit in found.entry.limits:
            base = self._counted(limit.per) if limit.per else None
            if limit.per and not base:
                reason = f"{limit.per} could not be counted"
                said = limit.wanted.text if isinstance(limit.wanted, Formula) else limit.wanted
                yield made_check(limit, found, False, None, said, reason)
                continue
            check = self._at(found.entry, limit.key, lambda: limit_check(limit, found, base))  # noqa: B023
            yield from [check] if check else []

    def _agreed(self, found: CountedEntry) -> Iterable[LimitCheck]:
        if found.entry.name in self._agreements or not found.entry.counters:
            return self._agreements.get(found.entry.name, ())
        from convcost.gate.agreement import agreements

        return agreements(found)

    def _at(self, entry: Entry, key: str, work: Callable[[], Part]) -> Part | None:
        """What `work` returns; what it raises is a misfit at the entry's `key`."""
        try:
            return work()
        except ConvcostError as error:
            self.misfits.append(ConfigIssue(("entries", entry.name, key), str(error)))
            return None


def incomplete(report: Report) -> Iterator[LimitCheck]:
    """A check that fails where operators are not in the count."""
    if report.trace and report.trace.is_partial:
        uncounted = report.trace.uncounted
        missed = ", ".join(dict.fromkeys(found.operator for found in uncounted if not found.reason))
        reasons = [f"there is no formula for {missed}"] if missed else []
        reasons += dict.fromkeys(f"{found.operator}: {found.reason}" for found in uncounted if found.reason)
        yield LimitCheck("formulas", "", False, "partial", reason="; ".join(reasons))
