"""The configuration as a whole: every entry, or every place that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.gate.config_file import (
    ENTRIES_HINT,
    PYPROJECT,
    TABLE,
    ConfigError,
    ConfigFile,
    dotted,
    find_config,
)
from convcost.gate.devices import stated
from convcost.gate.entry import ConfiguredModel, Entry
from convcost.gate.entry_reader import Reading
from convcost.gate.keys import COMMON, CONFIG
from convcost.gate.limit import parse_tolerance
from convcost.gate.value_types import ConfigIssue


class Config(NamedTuple):
    """The entries by name, and the file that they are from."""

    source: ConfigFile
    entries: Mapping[str, Entry]

    @property
    def lock(self) -> Path:
        """The lock file: beside it, convcost.lock, or of the name of a file with a name of its own."""
        path = self.source.path
        return path.with_name("convcost.lock") if path.name == PYPROJECT else path.with_suffix(".lock")

    @property
    def inputs(self) -> tuple[Path, ...]:
        """The files that a check reads: the configuration, the lock file, and those of models."""
        models = (
            entry.subject for entry in self.entries.values() if isinstance(entry.subject, ConfiguredModel)
        )
        places = (place for model in models for place in (model.text, model.maker, model.formulas))
        sources = (place.rpartition(":")[0].rpartition("=")[2].strip() for place in places)
        files = (self.source.folder / _file(source) for source in sources if source)
        return (self.source.path, self.lock, *files)

    def runs_model(self, entry: Entry) -> bool:
        """Whether it takes the run of a model to check the entry: its own, or that of a ratio."""
        bases = (self.entries[limit.per] for limit in entry.limits if limit.per)
        return any(isinstance(each.subject, ConfiguredModel) for each in (entry, *bases))

    def overridden(self, **values: Any) -> Config:
        """The configuration with these values for each entry, as options of the command have them."""
        return self._replace(entries={name: entry._replace(**values) for name, entry in self.entries.items()})

    def line(self, *path: str) -> int:
        """The line of a key below the entries, or of the entry."""
        return self.source.line(("entries", *path))

    def chosen(self, names: Iterable[str]) -> tuple[Entry, ...]:
        """The entries of these names, in the order of the file; all of them if there are no names."""
        wanted = set(names)
        for name in wanted - self.entries.keys():
            near = did_you_mean(name, self.entries)
            hint = f"{self.source.name} has {', '.join(self.entries)[:200]}."
            raise UsageError(f"no entry is called {name[:40]}{near}", hint=hint)
        return tuple(entry for name, entry in self.entries.items() if not wanted or name in wanted)


def _file(source: str) -> str:
    """A file's path as it is; a module's dotted name as the path that it has."""
    return source if source.endswith(".py") or "/" in source else f"{source.replace('.', '/')}.py"


def read_config(given: str) -> Config:
    """The configuration in the file that was named, or in the nearest one; ConfigError where it is wrong."""
    source = find_config(given)
    issues = [*_misplaced(source), *CONFIG.issues(_placed(source))]
    tables = _readable(source.table, issues)
    readings = [Reading(name, table) for name, table in tables.items()]
    subjects = {reading.name: reading.subject for reading in readings if reading.subject}
    common, invalid = _common(source.table, issues)
    issues += invalid
    entries = [reading.entry(common, subjects) for reading in readings]
    issues += [issue for reading in readings for issue in reading.issues]
    issues += _unknown_references(tables, source.table)
    issues += stated(source).issues if "devices" in source.table else ()
    if issues:
        raise ConfigError(source.problems(issues))
    if not tables:
        raise UsageError(f"{source.name} has no entries", hint=ENTRIES_HINT)
    return Config(source, {entry.name: entry for entry in entries if entry})


def _misplaced(source: ConfigFile) -> Iterator[ConfigIssue]:
    """Tables that are where another file, or another key, has them."""
    if source.path.name != PYPROJECT and isinstance(source.table.get(TABLE[0]), Mapping):
        hint = f"Write [entries.NAME] here, or move the table to {PYPROJECT}."
        yield ConfigIssue(TABLE[:1], f"{'.'.join(TABLE)} is for {PYPROJECT}", hint)
    for name, table in source.table.items():
        if name not in CONFIG.keys and isinstance(table, Mapping) and {"spec", "model"} & table.keys():
            yield ConfigIssue(
                (name,), "an entry stands below entries", f"Write it as [{_key(source, name)}]."
            )


def _key(source: ConfigFile, name: str) -> str:
    return dotted((*source.prefix, "entries", name))


def _placed(source: ConfigFile) -> Mapping[str, Any]:
    """The configuration without what is misplaced, which is no misspelt key."""
    misplaced = {issue.path[0] for issue in _misplaced(source)}
    return {name: value for name, value in source.table.items() if name not in misplaced}


def _common(
    table: Mapping[str, Any], issues: Iterable[ConfigIssue]
) -> tuple[Mapping[str, Any], list[ConfigIssue]]:
    """What holds for every entry without one of its own, and what is wrong with it."""
    invalid = {issue.path[0] for issue in issues if issue.path}
    common = {name: table[name] for name in COMMON if name in table and name not in invalid}
    try:
        parse_tolerance(common.get("tolerance", "0%"))
    except UsageError as error:
        return {**common, "tolerance": "0%"}, [ConfigIssue(("tolerance",), error.message, error.hint)]
    return common, []


def _readable(table: Mapping[str, Any], issues: Iterable[ConfigIssue]) -> Mapping[str, Any]:
    """The entries that have no misfit yet."""
    paths = [issue.path for issue in issues]
    if ("entries",) in paths or "entries" not in table:
        return {}
    invalid = {path[1] for path in paths if path[:1] == ("entries",)}
    return {name: entry for name, entry in table["entries"].items() if name not in invalid}


def _unknown_references(tables: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[ConfigIssue]:
    """What `ratio_to` names that is no other entry."""
    for name, table in tables.items():
        other = table.get("ratio_to", "")
        path: tuple[str, ...] = ("entries", name, "ratio_to")
        if other == name and other:
            yield ConfigIssue(path, "names the entry itself")
        elif other and other not in whole["entries"]:
            yield ConfigIssue(path, f"no entry is called {other[:40]}{did_you_mean(other, whole['entries'])}")
