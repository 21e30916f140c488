"""The file that the configuration is in: found, read, and pointed into."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError, UsageError
from convcost.gate.toml_positions import Position, positions
from convcost.gate.value_types import ConfigIssue, Path
from convcost.system.files import read_text, shown

OWN = "convcost.toml"
SHARED = "pyproject.toml"
TABLE = ("tool", "convcost")

HOW = "Entries are [tool.convcost.entries.NAME] in pyproject.toml, [entries.NAME] in convcost.toml."

BARE = re.compile(r"[A-Za-z0-9_-]+")
MOST_PROBLEMS = 30
"""Those that are told at once."""

START = Position(1, 1, 0)

LONG_KEY = re.compile(r"(?:^|[{,])[ \t]*\[{0,2}[ \t]*(?:[^\s.#=\[\]{},]+[ \t]*\.[ \t]*){100}", re.M)
LONG_NUMBER = re.compile(r"[0-9_]{4000}")
DEEP = re.compile(r"(?:[\[{][^\[\]{}\n]*){50}")
"""What tomllib can't read, and does not say where."""

LARGEST_CONFIG = 2**21
"""The bytes of the largest configuration: 2 MiB."""


class Problem(NamedTuple):
    """What is wrong, and where: a file, a line, a key."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        first, *rest = self.message.splitlines()
        where = f"{self.file}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return "\n".join((where + first, *(f"  {line}" for line in rest)))


class ConfigError(ConvcostError):
    """A configuration that can't be used: every place that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        texts = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        number = len(self.problems)
        more = [f"and {number - MOST_PROBLEMS} more"] if number > MOST_PROBLEMS else []
        super().__init__("\n".join(texts if number == 1 else [f"{number} problems", *texts, *more]))


@dataclass(frozen=True)
class Source:
    """A TOML file with convcost's own table in it; `prefix` is where."""

    path: FilePath
    text: str
    table: Mapping[str, Any]
    prefix: Path = ()

    @property
    def folder(self) -> FilePath:
        """What paths in it start from."""
        return self.path.parent

    @property
    def name(self) -> str:
        """The file, from the current folder."""
        return shown(self.path)

    @cached_property
    def _positions(self) -> dict[Path, Position]:
        return positions(self.text)

    def position(self, path: Path) -> Position:
        """Where the key at `path` stands, or the nearest table around it."""
        whole = (*self.prefix, *path)
        nearest = (whole[:length] for length in range(len(whole), 0, -1))
        return next((self._positions[part] for part in nearest if part in self._positions), START)

    def problem(self, misfit: ConfigIssue) -> Problem:
        """The misfit at its place, with the line that it is in."""
        text = "\n".join(part for part in (misfit.message, misfit.hint) if part)
        return Problem(self.name, self.position(misfit.path).line, dotted(misfit.path), text)


def dotted(path: Path) -> str:
    """entries.dense.max_flops, with quotes around what is no bare key."""
    return ".".join(part[:64] if BARE.fullmatch(part) else f'"{part[:64]}"' for part in path)


def source_at(given: str) -> Source:
    """The file that was named, or else the nearest one; UsageError if there is none."""
    if found := _read(FilePath(given)) if given else nearest_source():
        return found
    nowhere = f"there is no {OWN} and no [tool.convcost] in a {SHARED}, here or above"
    raise UsageError(f"{given[:200]} has no [tool.convcost]" if given else nowhere, hint=HOW)


def nearest_source() -> Source | None:
    """The nearest file from the current folder upwards, if there is one."""
    try:
        here = FilePath.cwd()
    except OSError:
        raise UsageError("the current folder is gone, or can't be read") from None
    for folder in (here, *here.parents):
        for name in (OWN, SHARED):
            if not _is_absent(folder / name) and (source := _read(folder / name)):
                return source
    return None


def _is_absent(path: FilePath) -> bool:
    """Whether there is nothing to read, or a folder that happens to have the name."""
    return os.path.isdir(path) or not os.path.exists(path)


def _read(path: FilePath) -> Source | None:
    """The file with convcost's table in it; None for a pyproject.toml without one."""
    text = read_text(path, LARGEST_CONFIG)
    table = parsed(text, shown(path))
    if path.name != SHARED:
        return Source(path, text, table)
    own = table
    for key in TABLE:
        own = own.get(key, {})
        if not isinstance(own, dict):
            raise UsageError(f"{shown(path)}: {'.'.join(TABLE)} is not a table", hint=HOW)
    if not own and isinstance(table.get("entries"), dict):
        line = next((each.line for key, each in positions(text).items() if key[0] == "entries"), 1)
        prefix = ".".join(TABLE)
        message = f"{SHARED} has no [{prefix}]\nWrite [entries.NAME] as [{prefix}.entries.NAME] here."
        raise ConfigError([Problem(shown(path), line, "entries", message)])
    return Source(path, text, own, TABLE) if own else None


def parsed(text: str, file: str) -> dict[str, Any]:
    """The TOML in it, numbers with a point as they are written; ConfigError at the line that is none."""
    import tomllib
    from decimal import Decimal

    if LONG_KEY.search(text):  # of which tomllib makes tables that take quadratic memory
        raise ConfigError([Problem(file, _line(text, LONG_KEY), "", "a key has too many parts")])
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = int(found[1]) if found else text.count("\n") + 1
        raise ConfigError([Problem(file, line, "", f"no TOML: {message or error}")]) from None
    except ValueError:
        raise ConfigError([Problem(file, _line(text, LONG_NUMBER), "", "a number is too long")]) from None
    except RecursionError:
        raise ConfigError([Problem(file, _line(text, DEEP), "", "brackets are nested too deep")]) from None


def _line(text: str, pattern: re.Pattern[str]) -> int:
    found = pattern.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
