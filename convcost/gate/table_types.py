"""Values with parts: lists, tables with any names, tables with known keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from convcost.core.errors import did_you_mean
from convcost.gate.toml_positions import KeyPath
from convcost.gate.value_types import ConfigIssue, Kind, Schema, kind_of


class Several(NamedTuple):
    """A list whose items are all of one kind."""

    of: Kind

    @property
    def wanted(self) -> str:
        return f"a list, each item {self.of.wanted}"

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """Those of its items."""
        if not isinstance(value, list):
            yield ConfigIssue(path, f"takes {self.wanted}, not {kind_of(value)}")
            return
        for place, item in enumerate(value):
            yield from self.of.issues(item, (*path, str(place)))

    def schema(self) -> Schema:
        """An array."""
        return {"type": "array", "items": self.of.schema()}


class Named(NamedTuple):
    """A table with any names for its keys, all values of one kind."""

    of: Kind

    @property
    def wanted(self) -> str:
        return f"a table, each value {self.of.wanted}"

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """Those of its values."""
        if not isinstance(value, Mapping):
            yield ConfigIssue(path, f"takes {self.wanted}, not {kind_of(value)}")
            return
        for name, item in value.items():
            yield from self.of.issues(item, (*path, name))

    def schema(self) -> Schema:
        """An object with values of that kind."""
        return {"type": "object", "additionalProperties": self.of.schema()}


class Key(NamedTuple):
    """What a key takes, and what it is for."""

    kind: Kind
    about: str
    required: bool = False


class Table(NamedTuple):
    """A table of known keys: any other is refused."""

    about: str
    keys: Mapping[str, Key]
    wanted: str = "a table"

    def issues(self, value: object, path: KeyPath = ()) -> Iterator[ConfigIssue]:
        """Unknown keys with the near name, what is missing, and what is wrong with the values."""
        if not isinstance(value, Mapping):
            yield ConfigIssue(path, f"takes a table, not {kind_of(value)}")
            return
        for name, item in value.items():
            if name in self.keys:
                yield from self.keys[name].kind.issues(item, (*path, name))
            else:
                yield ConfigIssue((*path, name), f"there is no such key{did_you_mean(name, self.keys)}")
        for name, key in self.keys.items():
            if key.required and name not in value:
                yield ConfigIssue(path, f"{name} is missing")

    def schema(self) -> Schema:
        """An object with these properties alone."""
        return {
            "description": self.about,
            "type": "object",
            "properties": {
                name: {"description": key.about, **key.kind.schema()} for name, key in self.keys.items()
            },
            "required": [name for name, key in self.keys.items() if key.required],
            "additionalProperties": False,
        }
