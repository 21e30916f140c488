"""A check from the configuration to the verdicts, and to the lock file where that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convcost.gate.changes import changes
from convcost.gate.config import Config
from convcost.gate.locked import read_lock, write_lock
from convcost.gate.measuring import Measured, measured
from convcost.gate.rows import Baseline, baseline_of
from convcost.gate.source import shown
from convcost.gate.verdict import Checked, Judged, Standing


def checked(config: Config, names: Iterable[str] = (), update: bool = False) -> Checked:
    """The verdicts on the entries of these names, or on all; `update` makes what is now the baselines.

    Raises ConfigError for entries that can't be counted, UsageError for a lock file that is not to be used.
    """
    chosen, path = config.chosen(names), config.lock
    before = read_lock(path)
    judged = tuple(_judged(each, before, update) for each in measured(config, chosen))
    kept = {name: baseline for name, baseline in (before or {}).items() if name in config.entries}
    if update:
        write_lock(path, kept | {each.entry.name: each.now for each in judged})
    return Checked(config, shown(path), judged, tuple(sorted((before or {}).keys() - kept.keys())), update)


def _judged(each: Measured, lock: Mapping[str, Baseline] | None, update: bool) -> Judged:
    """The entry's verdict, with how it stands to its baseline."""
    entry, report = each.counted.entry, each.counted.report
    now = baseline_of(each.counted)
    before = (lock or {}).get(entry.name)
    if before is None:
        return Judged(entry, report, each.checks, "unlocked" if lock is None else "new", now)
    found = changes(before, now)
    standing: Standing = "changed" if found.totals or found.rows else "same"
    return Judged(entry, report, each.checks, standing, now, before, found, update)
