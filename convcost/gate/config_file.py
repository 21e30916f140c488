"""The configuration's TOML file: finding it, reading it, and the lines of its keys."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError, UsageError
from convcost.gate.toml_positions import KeyPath, Position, positions
from convcost.gate.validation import ConfigIssue
from convcost.system.files import display_path, read_text

CONFIG_NAME = "convcost.toml"
PYPROJECT = "pyproject.toml"
PYPROJECT_TABLE = ("tool", "convcost")

ENTRIES_HINT = "Entries are [tool.convcost.entries.NAME] in pyproject.toml, [entries.NAME] in convcost.toml."

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

MOST_PROBLEMS = 30
"""The largest number of problems shown at once."""

LARGEST_EXACT_FLOAT = 2**53
"""Above this, floats can't represent every whole number."""

FILE_START = Position(1, 1, 0)

MOST_PARTS = 100
"""The largest number of parts of a key: tomllib needs quadratic memory for longer ones."""

LONG_KEY = r"(?m)(?:^|[{,])[ \t]*\[{0,2}[ \t]*(?:[^\s.#=\[\]{},]+[ \t]*\.[ \t]*){100}"
LONG_NUMBER = r"[0-9_]{4000}"
DEEP_NESTING = r"(?:[\[{][^\[\]{}\n]*){50}"
"""Inputs for which tomllib fails without a position."""

LARGEST_CONFIG = 2**21
"""The size limit of a configuration: 2 MiB."""


class ConfigProblem(NamedTuple):
    """A problem in a file, at a line and a key."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        first, *rest = self.message.splitlines()
        where = f"{self.file}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return "\n".join((where + first, *(f"  {line}" for line in rest)))


class ConfigError(ConvcostError):
    """An invalid configuration, with all its problems."""

    def __init__(self, problems: Iterable[ConfigProblem]) -> None:
        self.problems = tuple(problems)
        texts = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        number = len(self.problems)
        more = [f"and {number - MOST_PROBLEMS} more"] if number > MOST_PROBLEMS else []
        super().__init__("\n".join(texts if number == 1 else [f"{number} problems", *texts, *more]))


class ConfigFile(NamedTuple):
    """A TOML file, and convcost's table in it, at the key `prefix`."""

    path: Path
    text: str
    table: Mapping[str, Any]
    prefix: KeyPath = ()

    @property
    def folder(self) -> Path:
        """The folder that paths in the file are relative to."""
        return self.path.parent

    @property
    def name(self) -> str:
        """The file's path relative to the current folder."""
        return display_path(self.path)

    def line(self, path: KeyPath) -> int:
        """The line of the key at `path`, or of the nearest table around it."""
        whole, known = (*self.prefix, *path), positions(self.text)
        nearest = (whole[:length] for length in range(len(whole), 0, -1))
        return next((known[part] for part in nearest if part in known), FILE_START).line

    def problems(self, issues: Iterable[ConfigIssue]) -> tuple[ConfigProblem, ...]:
        """The issues as problems with lines, without duplicates, in the order of the file."""
        problems = (
            ConfigProblem(
                self.name,
                self.line(issue.path),
                dotted_key(issue.path),
                f"{issue.message}\n{issue.hint}" if issue.hint else issue.message,
            )
            for issue in issues
        )
        return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def dotted_key(path: KeyPath) -> str:
    """entries.dense.max_flops, with quotes around parts that are not bare keys."""
    return ".".join(part[:64] if BARE_KEY.fullmatch(part) else f'"{part[:64]}"' for part in path)


def find_config(file: str) -> ConfigFile:
    """The given file, or else the nearest one; UsageError if there is none."""
    if found := _read(Path(file)) if file else nearest_config():
        return found
    nowhere = f"there is no {CONFIG_NAME} and no [tool.convcost] in a {PYPROJECT}, in this folder or above"
    raise UsageError(f"{file[:200]} has no [tool.convcost]" if file else nowhere, hint=ENTRIES_HINT)


def nearest_config() -> ConfigFile | None:
    """The nearest file from the current folder upwards, if there is one."""
    try:
        here = Path.cwd()
    except OSError:
        raise UsageError("the current folder is gone, or can't be read") from None
    for folder in (here, *here.parents):
        for name in (CONFIG_NAME, PYPROJECT):
            path = folder / name
            if path.exists() and not path.is_dir() and (found := _read(path)):
                return found
    return None


def _read(path: Path) -> ConfigFile | None:
    """The file with convcost's table in it; None for a pyproject.toml without one."""
    text = read_text(path, LARGEST_CONFIG)
    table = parse_toml(text, display_path(path))
    if path.name != PYPROJECT:
        return ConfigFile(path, text, table)
    own = table
    for key in PYPROJECT_TABLE:
        own = own.get(key, {})
        if not isinstance(own, dict):
            raise UsageError(
                f"{display_path(path)}: {'.'.join(PYPROJECT_TABLE)} is not a table", hint=ENTRIES_HINT
            )
    if not own and isinstance(table.get("entries"), dict):
        prefix = ".".join(PYPROJECT_TABLE)
        message = f"{PYPROJECT} has no [{prefix}]"
        hint = f"Write [entries.NAME] as [{prefix}.entries.NAME] here."
        issue = ConfigIssue(("entries",), message, hint)
        raise ConfigError(ConfigFile(path, text, table).problems([issue]))
    return ConfigFile(path, text, own, PYPROJECT_TABLE) if own else None


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """The tables in a TOML text; ConfigError names the invalid line."""
    if any(line.count(".") >= MOST_PARTS for line in text.splitlines()) and re.search(LONG_KEY, text):
        raise ConfigError([ConfigProblem(file, _line(text, LONG_KEY), "", "this key has too many parts")])
    try:
        return tomllib.loads(text, parse_float=_parse_float)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).rpartition(" (at ")
        found = re.search(r"line (\d+)", place)
        line = int(found[1]) if found else text.count("\n") + 1
        problem = ConfigProblem(file, line, "", f"invalid TOML: {message or error}")
    except InexactNumberError as error:
        problem = ConfigProblem(file, _line(text, re.escape(error.text)), "", str(error))
    except ValueError:
        problem = ConfigProblem(file, _line(text, LONG_NUMBER), "", "a number is too long")
    except RecursionError:
        problem = ConfigProblem(file, _line(text, DEEP_NESTING), "", "brackets are nested too deep")
    raise ConfigError([problem])


class InexactNumberError(ValueError):
    """`text` is a number that a float would change."""

    def __init__(self, text: str, message: str) -> None:
        self.text = text
        super().__init__(f"{text[:40]} {message}")


def _parse_float(text: str) -> float:
    """The float; InexactNumberError if that would be 0, or another whole number."""
    number = float(text)
    if number == 0 and re.search("[1-9]", text.lower().partition("e")[0]):
        raise InexactNumberError(text, "is too close to 0")
    if LARGEST_EXACT_FLOAT < abs(number) < inf and Fraction(repr(number)) != Fraction(text):
        message = "has more digits than floating point keeps"
        raise InexactNumberError(text, f"{message}\nWrite it as a whole number, without a point.")
    return number


def _line(text: str, pattern: str | re.Pattern[str]) -> int:
    found = re.search(pattern, text)
    return text.count("\n", 0, found.start()) + 1 if found else 1
