"""Reads the configuration: all entries, or all problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.gate.config_file import (
    ENTRIES_HINT,
    PYPROJECT,
    PYPROJECT_TABLE,
    ConfigError,
    ConfigFile,
    dotted_key,
    find_config,
)
from convcost.gate.config_tables import ConfigTable, EntryDefaults
from convcost.gate.entry import ConfiguredModel, Entry, EntryReader
from convcost.gate.limit import parse_tolerance
from convcost.gate.validation import ConfigIssue, find_issues


class Config(NamedTuple):
    """The entries by name, and their file."""

    source: ConfigFile
    entries: Mapping[str, Entry]

    @property
    def lock(self) -> Path:
        """The lock file: convcost.lock in the same folder; for gate.toml, gate.lock."""
        path = self.source.path
        return path.with_name("convcost.lock") if path.name == PYPROJECT else path.with_suffix(".lock")

    @property
    def input_files(self) -> tuple[Path, ...]:
        """The files that a check reads: the configuration, the lock file, and those of models."""
        models = (entry.subject for entry in self.entries.values())
        places = (
            place
            for model in models
            if isinstance(model, ConfiguredModel)
            for place in (model.text, model.inputs_from, model.formulas)
        )
        sources = (place.rpartition(":")[0].rpartition("=")[2].strip() for place in places)
        files = (self.source.folder / _module_path(source) for source in sources if source)
        return (self.source.path, self.lock, *files)

    def runs_model(self, entry: Entry) -> bool:
        """Whether checking the entry runs a model: its own, or that of its ratio."""
        bases = (self.entries[limit.ratio_to] for limit in entry.limits if limit.ratio_to)
        return any(isinstance(each.subject, ConfiguredModel) for each in (entry, *bases))

    def with_values(self, **values: Any) -> Config:
        """The configuration with `values` set in every entry."""
        return self._replace(entries={name: entry._replace(**values) for name, entry in self.entries.items()})

    def line(self, *path: str) -> int:
        """The line of an entry, or of a key in it."""
        return self.source.line(("entries", *path))

    def select(self, names: Iterable[str]) -> tuple[Entry, ...]:
        """The entries with these names, in the order of the file; without names all of them."""
        wanted = set(names)
        for name in wanted - self.entries.keys():
            near = did_you_mean(name, self.entries)
            hint = f"{self.source.name} has {', '.join(self.entries)[:200]}."
            raise UsageError(f"no entry is called {name[:40]}{near}", hint=hint)
        return tuple(entry for name, entry in self.entries.items() if not wanted or name in wanted)


def _module_path(source: str) -> str:
    """The path of a file or of a module's dotted name."""
    return source if source.endswith(".py") or "/" in source else f"{source.replace('.', '/')}.py"


def read_config(file: str) -> Config:
    """Read the given file, or the nearest configuration; ConfigError lists everything wrong in it."""
    source = find_config(file)
    misplaced = {issue.path[0]: issue for issue in _misplaced_tables(source)}
    table = {name: value for name, value in source.table.items() if name not in misplaced}
    issues = [*misplaced.values(), *find_issues(table, ConfigTable)]
    defaults = _defaults(table, issues)
    tables = _readable_entries(table, issues)
    readers = [EntryReader(name, entry, defaults) for name, entry in tables.items()]
    subjects = {reader.name: reader.subject for reader in readers if reader.subject}
    entries = [reader.entry(subjects) for reader in readers]
    issues += [issue for reader in readers for issue in reader.issues]
    issues += _unknown_bases(tables, table)
    if table.get("devices") and not any(issue.path[:1] == ("devices",) for issue in issues):
        from convcost.gate.devices import add_devices  # imports the catalogue

        issues += add_devices(table["devices"], source.name).issues
    if issues:
        raise ConfigError(source.problems(issues))
    if not tables:
        raise UsageError(f"{source.name} has no entries", hint=ENTRIES_HINT)
    return Config(source, {entry.name: entry for entry in entries if entry})


def _misplaced_tables(source: ConfigFile) -> Iterator[ConfigIssue]:
    """Tables that belong in another file, or below another key."""
    if source.path.name != PYPROJECT and isinstance(source.table.get(PYPROJECT_TABLE[0]), Mapping):
        hint = f"Write [entries.NAME] here, or move the table to {PYPROJECT}."
        yield ConfigIssue(PYPROJECT_TABLE[:1], f"{'.'.join(PYPROJECT_TABLE)} is for {PYPROJECT}", hint)
    for name, value in source.table.items():
        if name in ConfigTable.__struct_fields__ or not isinstance(value, Mapping):
            continue
        if {"spec", "model"} & value.keys():
            key = dotted_key((*source.prefix, "entries", name))
            yield ConfigIssue((name,), "an entry belongs under entries", f"Write it as [{key}].")


def _defaults(table: Mapping[str, Any], issues: list[ConfigIssue]) -> dict[str, Any]:
    """The defaults for all entries; problems with them are added to `issues`."""
    invalid = {issue.path[0] for issue in issues if issue.path}
    keys = EntryDefaults.__struct_fields__
    defaults = {name: table[name] for name in keys if name in table and name not in invalid}
    try:
        parse_tolerance(defaults.get("tolerance", "0%"))
    except UsageError as error:
        issues.append(ConfigIssue(("tolerance",), error.message, error.hint))
        del defaults["tolerance"]
    return defaults


def _readable_entries(table: Mapping[str, Any], issues: Iterable[ConfigIssue]) -> Mapping[str, Any]:
    """The entries without an issue."""
    paths = [issue.path for issue in issues]
    if ("entries",) in paths or "entries" not in table:
        return {}
    invalid = {path[1] for path in paths if path[:1] == ("entries",)}
    return {name: entry for name, entry in table["entries"].items() if name not in invalid}


def _unknown_bases(tables: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[ConfigIssue]:
    """Issues for each `ratio_to` that does not name another entry."""
    for name, entry in tables.items():
        base, path = entry.get("ratio_to", ""), ("entries", name, "ratio_to")
        if base == name and base:
            yield ConfigIssue(path, "must name another entry")
        elif base and base not in table["entries"]:
            near = did_you_mean(base, table["entries"])
            yield ConfigIssue(path, f"no entry is called {base[:40]}{near}")
