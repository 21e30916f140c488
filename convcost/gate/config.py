"""The configuration as a whole: every entry, or every place that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from convcost.errors import UsageError, did_you_mean
from convcost.gate.devices import stated
from convcost.gate.entry import Entry
from convcost.gate.keys import CONFIG
from convcost.gate.kinds import Misfit
from convcost.gate.kinds import Path as Keys
from convcost.gate.reading import Reading
from convcost.gate.source import HOW, SHARED, ConfigError, Source, source_at


class Config(NamedTuple):
    """The entries by name, and the file that they are from."""

    source: Source
    entries: Mapping[str, Entry]

    @property
    def lock(self) -> Path:
        """The lock file: beside it, convcost.lock, or of the name of a file with a name of its own."""
        path = self.source.path
        return path.with_name("convcost.lock") if path.name == SHARED else path.with_suffix(".lock")

    def line(self, *path: str) -> int:
        """The line of a key below the entries, or of the entry."""
        return self.source.position(("entries", *path)).line

    def chosen(self, names: Iterable[str]) -> tuple[Entry, ...]:
        """The entries of these names, in the order of the file; all of them if there are no names."""
        wanted = set(names)
        for name in wanted - self.entries.keys():
            near = did_you_mean(name, self.entries)
            hint = f"{self.source.name} has {', '.join(self.entries)[:200]}."
            raise UsageError(f"no entry is called {name[:40]}{near}", hint=hint)
        return tuple(entry for name, entry in self.entries.items() if not wanted or name in wanted)


def config_at(given: str) -> Config:
    """The configuration in the file that was named, or in the nearest one; ConfigError where it is wrong."""
    source = source_at(given)
    misfits = list(CONFIG.misfits(source.table))
    tables = _readable(source.table, misfits)
    readings = [Reading(name, table) for name, table in tables.items()]
    subjects = {reading.name: reading.subject for reading in readings if reading.subject}
    entries = [reading.entry(source.table.get("tolerance", ""), subjects) for reading in readings]
    misfits += [misfit for reading in readings for misfit in reading.misfits]
    misfits += _unknown_references(tables, source.table)
    misfits += stated(source).misfits if "devices" in source.table else ()
    if misfits:
        problems = dict.fromkeys(map(source.problem, misfits))
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    if not tables:
        raise UsageError(f"{source.name} has no entries", hint=HOW)
    return Config(source, {entry.name: entry for entry in entries if entry})


def _readable(table: Mapping[str, Any], misfits: Iterable[Misfit]) -> Mapping[str, Any]:
    """The entries that have no misfit yet."""
    paths = [misfit.path for misfit in misfits]
    if ("entries",) in paths or "entries" not in table:
        return {}
    unfit = {path[1] for path in paths if path[:1] == ("entries",)}
    return {name: entry for name, entry in table["entries"].items() if name not in unfit}


def _unknown_references(tables: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Misfit]:
    """What `ratio_to` names that is no other entry."""
    for name, table in tables.items():
        other = table.get("ratio_to", "")
        path: Keys = ("entries", name, "ratio_to")
        if other == name and other:
            yield Misfit(path, "names the entry itself")
        elif other and other not in whole["entries"]:
            yield Misfit(path, f"no entry is called {other[:40]}{did_you_mean(other, whole['entries'])}")
