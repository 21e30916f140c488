"""The file that the configuration is in: found, read, and pointed into."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from convcost.errors import ConvcostError, UsageError
from convcost.gate.kinds import Misfit, Path
from convcost.gate.positions import Position, positions

OWN = "convcost.toml"
SHARED = "pyproject.toml"
TABLE = ("tool", "convcost")

HOW = "Entries are [tool.convcost.entries.NAME] in pyproject.toml, [entries.NAME] in convcost.toml."

BARE = re.compile(r"[A-Za-z0-9_-]+")
START = Position(1, 1, 0)


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
        texts = [str(problem) for problem in self.problems]
        super().__init__("\n".join(texts if len(texts) == 1 else [f"{len(texts)} problems", *texts]))


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

    def problem(self, misfit: Misfit) -> Problem:
        """The misfit at its place, with the line that it is in."""
        text = "\n".join(part for part in (misfit.message, misfit.hint) if part)
        return Problem(self.name, self.position(misfit.path).line, dotted(misfit.path), text)


def dotted(path: Path) -> str:
    """entries.dense.max_flops, with quotes around what is no bare key."""
    return ".".join(part if BARE.fullmatch(part) else f'"{part[:40]}"' for part in path)


def shown(path: FilePath) -> str:
    """A path from the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)


def source_at(given: str) -> Source:
    """The file that was named, or else the nearest one; UsageError if there is none."""
    if found := _read(FilePath(given)) if given else nearest_source():
        return found
    nowhere = f"there is no {OWN} and no [tool.convcost] in a {SHARED}, here or above"
    raise UsageError(f"{given[:200]} has no [tool.convcost]" if given else nowhere, hint=HOW)


def nearest_source() -> Source | None:
    """The nearest file from the current folder upwards, if there is one."""
    here = FilePath.cwd()
    for folder in (here, *here.parents):
        for name in (OWN, SHARED):
            if (folder / name).is_file() and (source := _read(folder / name)):
                return source
    return None


def _read(path: FilePath) -> Source | None:
    """The file with convcost's table in it; None for a pyproject.toml without one."""
    text = text_of(path)
    table = parsed(text, shown(path))
    if path.name != SHARED:
        return Source(path, text, table)
    for key in TABLE:
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise UsageError(f"{shown(path)}: {'.'.join(TABLE)} is no table", hint=HOW)
    return Source(path, text, table, TABLE) if table else None


def text_of(path: FilePath) -> str:
    """What is in the file; UsageError if it can't be read as text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{shown(path)} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{shown(path)} is no text in UTF-8") from None


def parsed(text: str, file: str) -> dict[str, Any]:
    """The TOML in it, numbers with a point as they are written; ConfigError at the line that is none."""
    import tomllib
    from decimal import Decimal

    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = int(found[1]) if found else text.count("\n") + 1
        raise ConfigError([Problem(file, line, "", f"no TOML: {message or error}")]) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{file} has a number too long, or brackets nested too deep") from None
