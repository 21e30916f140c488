"""Runs a check: counts the entries, checks them, and compares them with their baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from convcost.core.errors import ConvcostError
from convcost.gate.baseline import Baseline, baseline_of, compare_baselines
from convcost.gate.checks import check_completeness, check_counters, check_limit, limit_outcome
from convcost.gate.config import Config
from convcost.gate.config_file import ConfigError, ConfigProblem
from convcost.gate.counting import CountedEntry, count_entry
from convcost.gate.entry import ConfiguredModel, Entry
from convcost.gate.limit import Limit, SizeFormula
from convcost.gate.lock_file import read_lock, write_lock
from convcost.gate.result import BaselineStatus, EntryCheck, EntryResult, GateResult
from convcost.gate.validation import ConfigIssue
from convcost.system.files import display_path, exclusive_lock

T = TypeVar("T")


def run_gate(
    config: Config, names: Iterable[str] = (), update: bool = False, specs_only: bool = False
) -> GateResult:
    """Check the entries with these names, or all; `update` makes the current costs the baselines.

    `specs_only` skips entries that run a model. Raises ConfigError if no entry can be counted, or if one
    can't that is to be updated; UsageError for an unusable lock file.
    """
    chosen, path = config.select(names), config.lock
    run = tuple(entry for entry in chosen if not specs_only or not config.runs_model(entry))
    before = read_lock(path)
    evaluation = evaluate_entries(config, run)
    if evaluation.problems and (update or not evaluation.entries):
        raise ConfigError(evaluation.problems)
    results = tuple(_entry_result(each, before, update) for each in evaluation.entries)
    if update:
        with exclusive_lock(config.source.path):  # another process may update other entries meanwhile
            others = {name: old for name, old in (read_lock(path) or {}).items() if name in config.entries}
            write_lock(path, others | {each.entry.name: each.now for each in results})
    stale = tuple(sorted((before or {}).keys() - config.entries.keys()))
    skipped = tuple(entry.name for entry in chosen if entry not in run)
    problems, uncounted = evaluation.problems, evaluation.uncounted
    return GateResult(config, display_path(path), results, stale, update, problems, uncounted, skipped)


def _entry_result(each: EvaluatedEntry, lock: Mapping[str, Baseline] | None, update: bool) -> EntryResult:
    entry, report = each.counted.entry, each.counted.report
    before = (lock or {}).get(entry.name)
    if before is None:
        return EntryResult(entry, report, each.checks, "unlocked" if lock is None else "new")
    changes = compare_baselines(before, baseline_of(entry, report))
    status: BaselineStatus = "changed" if changes.totals or changes.rows else "same"
    return EntryResult(entry, report, each.checks, status, before, changes, update)


class EvaluatedEntry(NamedTuple):
    """An entry that was counted, and its checks."""

    counted: CountedEntry
    checks: tuple[EntryCheck, ...]


class Evaluation(NamedTuple):
    """The entries that could be counted and checked, and the problems of the others."""

    entries: tuple[EvaluatedEntry, ...]
    problems: tuple[ConfigProblem, ...] = ()
    uncounted: tuple[str, ...] = ()


def evaluate_entries(config: Config, entries: Iterable[Entry]) -> Evaluation:
    """Count and check the entries; those that can't be are listed as problems."""
    chosen = tuple(entries)
    evaluator = _Evaluator(config, chosen)
    found = [evaluator.evaluate(entry) for entry in chosen]
    invalid = {issue.path[1] for issue in evaluator.issues}
    evaluated = tuple(each for each in found if each and each.counted.entry.name not in invalid)
    names = {each.counted.entry.name for each in evaluated}
    uncounted = tuple(entry.name for entry in chosen if entry.name not in names)
    return Evaluation(evaluated, config.source.problems(evaluator.issues), uncounted)


class _Evaluator:
    """Counts each entry once and collects the issues; models are counted first, in worker processes."""

    def __init__(self, config: Config, chosen: tuple[Entry, ...]) -> None:
        self.config = config
        self.issues: list[ConfigIssue] = []
        self._counted: dict[str, CountedEntry | None] = {}
        self._counter_checks: dict[str, tuple[EntryCheck, ...]] = {}
        self._run_models(chosen)

    def _run_models(self, chosen: tuple[Entry, ...]) -> None:
        """Count the chosen models, and those that ratios are relative to, without their counters.

        The worker process also runs the counters of specs, and first: the models need the same imports.
        """
        wanted = {entry.name: entry for entry in chosen}
        for base in (limit.ratio_to for entry in chosen for limit in entry.limits if limit.ratio_to):
            wanted.setdefault(base, self.config.entries[base]._replace(counters=()))
        models = [entry for entry in wanted.values() if isinstance(entry.subject, ConfiguredModel)]
        if not models:
            return
        from convcost.gate.model_runs import run_models

        specs = [entry for entry in chosen if entry.counters and entry not in models]
        for entry, run in run_models([*specs, *models], self.config.source.folder):
            if run.report or entry in models:
                self._counter_checks[entry.name] = run.counter_checks
            if entry in models:
                self._counted[entry.name] = CountedEntry(entry, run.report) if run.report else None
            if entry in models and not run.report:
                self.issues.append(ConfigIssue(("entries", entry.name, entry.key), run.failure))

    def evaluate(self, entry: Entry) -> EvaluatedEntry | None:
        """The entry with its checks; None if it can't be counted."""
        counted = self._count(entry.name)
        if not counted:
            return None
        checks = [*check_completeness(counted.report), *self._check_limits(counted)]
        return EvaluatedEntry(counted, (*checks, *self._check_counters(counted)))

    def _count(self, name: str) -> CountedEntry | None:
        if name not in self._counted:
            entry, folder = self.config.entries[name], self.config.source.folder
            self._counted[name] = self._attempt(entry, entry.key, lambda: count_entry(entry, folder))
        return self._counted[name]

    def _check_limits(self, counted: CountedEntry) -> Iterator[EntryCheck]:
        for limit in counted.entry.limits:
            base = self._count(limit.ratio_to) if limit.ratio_to else None
            if limit.ratio_to and not base:
                yield _without_base(limit, counted)
                continue
            check = self._attempt(counted.entry, limit.key, lambda: check_limit(limit, counted, base))  # noqa: B023
            yield from [check] if check else []

    def _check_counters(self, counted: CountedEntry) -> tuple[EntryCheck, ...]:
        known = self._counter_checks.get(counted.entry.name)
        return check_counters(counted) if known is None else known

    def _attempt(self, entry: Entry, key: str, work: Callable[[], T]) -> T | None:
        """The result of `work`; an error becomes an issue at the entry's `key`."""
        try:
            return work()
        except ConvcostError as error:
            self.issues.append(ConfigIssue(("entries", entry.name, key), str(error)))
            return None


def _without_base(limit: Limit, counted: CountedEntry) -> EntryCheck:
    wanted = limit.wanted.text if isinstance(limit.wanted, SizeFormula) else limit.wanted
    return limit_outcome(limit, counted, False, None, wanted, f"{limit.ratio_to} could not be counted")
