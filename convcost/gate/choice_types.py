"""A value among several: of some words, of several kinds, or any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.core.errors import did_you_mean
from convcost.gate.toml_positions import KeyPath
from convcost.gate.value_types import ConfigIssue, Kind, Schema, kind_of

FEW = 3


class OneOf(NamedTuple):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        return " or ".join(self.words) if len(self.words) <= FEW else f"one of {', '.join(self.words)}"

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """With the near word."""
        if not isinstance(value, str):
            yield ConfigIssue(path, f"takes {self.wanted}, not {kind_of(value)}")
        elif value not in self.words:
            yield ConfigIssue(path, f"is {self.wanted}, not {value[:40]}{did_you_mean(value, self.words)}")

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.words)}


class Either(NamedTuple):
    """A value of one of several kinds without parts."""

    kinds: tuple[Kind, ...]

    @property
    def wanted(self) -> str:
        return " or ".join(kind.wanted for kind in self.kinds)

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """What the kind that comes nearest has against it."""
        found = [list(kind.issues(value, path)) for kind in self.kinds]
        if all(found):
            beyond = [issue for each in found for issue in each if issue.message.startswith("is ")]
            yield beyond[0] if beyond else ConfigIssue(path, f"takes {self.wanted}, not {kind_of(value)}")

    def schema(self) -> Schema:
        """Any of theirs."""
        return {"anyOf": [kind.schema() for kind in self.kinds]}


class Anything:
    """Any value."""

    wanted = "any value"

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """Nothing."""
        yield from ()

    def schema(self) -> Schema:
        """The empty one."""
        return {}
