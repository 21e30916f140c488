"""The positions of the keys in a valid TOML text, which tomllib does not give."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

KeyPath = tuple[str, ...]
"""The keys that lead to a value; the key of a list's item is its index."""

TOKEN = r'''
        (?P<space>[ \t\r]+|\#[^\n]*)
      | (?P<text>"""(?s:\\.|[^\\])*?"{3,5}|\'\'\'(?s:.)*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
      | (?P<line>\n)
      | (?P<sign>[\[\]{},=.])
      | (?P<bare>[^\s\#\[\]{},=."']+)'''
"""Compiled only if positions are needed, as most checks show none."""


class Position(NamedTuple):
    """The line and column of a key, counted from 1, and its length."""

    line: int
    column: int
    length: int


class _Token(NamedTuple):
    rule: str
    text: str
    position: Position


@lru_cache(maxsize=4)
def positions(text: str) -> Mapping[KeyPath, Position]:
    """The position of each key by its path, including the keys of tables in brackets and braces.

    An item of a list is included, by its index, if it contains a key.
    """
    return _KeyScanner(text).found


class _KeyScanner:
    """Walks over the tokens and records the position of each key."""

    def __init__(self, text: str) -> None:
        self.found: dict[KeyPath, Position] = {}
        self._tokens = list(_tokens(text))
        self._place = 0
        self._counts: dict[KeyPath, int] = {}
        self._document()

    def _document(self) -> None:
        table: KeyPath = ()
        while self._rule != "end":
            if self._rule == "line":
                self._read()
            elif self._text == "[":
                table = self._heading()
            else:
                self._assignment(table)

    def _heading(self) -> KeyPath:
        """heading: "[" key "]" | "[[" key "]]" """
        self._read()
        is_list = self._text == "["
        if is_list:
            self._read()
        table = self._key(())
        if is_list:
            place = self._counts[table] = self._counts.get(table, -1) + 1
            table = (*table, str(place))
        while self._text == "]":
            self._read()
        return table

    def _assignment(self, table: KeyPath) -> None:
        """assignment: key "=" value"""
        path = self._key(table)
        self._read()
        self._value(path)

    def _key(self, table: KeyPath) -> KeyPath:
        """key: name ("." name)*; a prefix that occurred before keeps its first position."""
        path = table
        while True:
            token = self._read()
            path = (*path, _unquote(token))
            self.found.setdefault(path, token.position)
            if self._text != ".":
                self.found[path] = token.position
                return path
            self._read()

    def _value(self, path: KeyPath) -> None:
        """value: "[" [value ("," value)*] "]" | "{" [assignment ("," assignment)*] "}" | anything else"""
        opening = self._text
        if opening not in ("[", "{"):
            self._scalar()
            return
        self._read()
        place = 0
        while self._text not in ("]", "}"):
            if self._rule == "line" or self._text == ",":
                place += self._text == ","
                self._read()
            elif opening == "[":
                self._value((*path, str(place)))
            else:
                self._assignment(path)
        self._read()

    def _scalar(self) -> None:
        """A string, number or date, which may contain a point or a space."""
        while self._rule not in ("line", "end") and self._text not in (",", "]", "}"):
            self._read()

    @property
    def _rule(self) -> str:
        return self._tokens[self._place].rule

    @property
    def _text(self) -> str:
        token = self._tokens[self._place]
        return token.text if token.rule == "sign" else ""

    def _read(self) -> _Token:
        token = self._tokens[self._place]
        self._place += token.rule != "end"
        return token


def _tokens(text: str) -> Iterator[_Token]:
    line, start = 1, 0
    for match in re.finditer(TOKEN, text, re.VERBOSE):
        rule = str(match.lastgroup)
        if rule != "space":
            yield _Token(rule, match[0], Position(line, match.start() - start + 1, len(match[0])))
        if breaks := match[0].count("\n"):
            line += breaks
            start = match.start() + match[0].rindex("\n") + 1
    yield _Token("end", "", Position(line, 1, 0))


def _unquote(token: _Token) -> str:
    return str(tomllib.loads(f"key = {token.text}")["key"]) if token.rule == "text" else token.text
