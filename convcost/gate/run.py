"""A check from the configuration to the verdicts, and to the lock file where that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convcost.gate.changes import changes
from convcost.gate.config import Config
from convcost.gate.config_file import ConfigError
from convcost.gate.evaluation import EvaluatedEntry, evaluate_entries
from convcost.gate.lock_reader import read_lock, write_lock
from convcost.gate.rows import Baseline, baseline_of
from convcost.gate.verdict import Checked, Judged, Standing
from convcost.system.files import exclusive, shown


def checked(
    config: Config, names: Iterable[str] = (), update: bool = False, specs_only: bool = False
) -> Checked:
    """The verdicts on the entries of these names, or on all; `update` makes what is now the baselines.

    `specs_only` skips entries that take a model to be run. Raises ConfigError if no entry can be counted, or
    one can't that is to be updated; UsageError for a lock file that is not to be used.
    """
    chosen, path = config.chosen(names), config.lock
    run = tuple(entry for entry in chosen if not specs_only or not config.runs_model(entry))
    before = read_lock(path)
    measurement = evaluate_entries(config, run)
    if measurement.problems and (update or not measurement.found):
        raise ConfigError(measurement.problems)
    judged = tuple(_judged(each, before, update) for each in measurement.found)
    if update:
        with exclusive(config.source.path):  # what another process updates meanwhile is kept
            now = {each.entry.name: each.now for each in judged}
            write_lock(path, _kept(read_lock(path), config) | now)
    stale = tuple(sorted((before or {}).keys() - config.entries.keys()))
    skipped = tuple(entry.name for entry in chosen if entry not in run)
    return Checked(config, shown(path), judged, stale, update, measurement.problems, skipped)


def _kept(lock: Mapping[str, Baseline] | None, config: Config) -> dict[str, Baseline]:
    return {name: baseline for name, baseline in (lock or {}).items() if name in config.entries}


def _judged(each: EvaluatedEntry, lock: Mapping[str, Baseline] | None, update: bool) -> Judged:
    """The entry's verdict, with how it stands to its baseline."""
    entry, report = each.counted.entry, each.counted.report
    now = baseline_of(each.counted)
    before = (lock or {}).get(entry.name)
    if before is None:
        return Judged(entry, report, each.checks, "unlocked" if lock is None else "new", now)
    found = changes(before, now)
    standing: Standing = "changed" if found.totals or found.rows else "same"
    return Judged(entry, report, each.checks, standing, now, before, found, update)
