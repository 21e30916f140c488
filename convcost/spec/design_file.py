"""Design files: one design or definition per line, with comments after #; long ones can span several lines.

    block(C) = x + (Conv2d(C, C, 3, padding=1) -> ReLU)     # a definition, for designs that use it
    small = [1, 16, H, W] -> block(16)
    large = [1, 64, H, W] -> Conv2d(64, 64, 1)
        -> 3 x block(64)                                    # indented: continues the design

A line continues the previous one if it is indented more than the first line of that design, or if a bracket
is open. A semicolon after a definition starts another one, or a design. Each design gets the definitions that
it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from convcost.core.errors import Span, SpecError, UsageError
from convcost.core.escapes import escape_to_ascii
from convcost.core.source_text import SourceLine, SourceText
from convcost.system.files import display_path, read_text

LARGEST_FILE = 2**20

BYTE_ORDER_MARK = "\ufeff"

DEFINITION = re.compile(r"\s*([A-Za-z_]\w*)\s*\([^()]*\)\s*=(?!=)", re.ASCII)
"""The start of a definition: block(C) ="""

WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)

OWN_DEFINITION = re.compile(rf"(?:\A|[;\n]){DEFINITION.pattern}", re.ASCII)
"""A definition in a text with other statements."""

QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")


@dataclass(frozen=True)
class DesignFile:
    """The designs of one or more files, and the definitions by name."""

    designs: tuple[SourceText, ...] = ()
    definitions: Mapping[str, SourceText] = field(default_factory=dict)

    def __add__(self, other: DesignFile) -> DesignFile:
        """The contents of both; UsageError if they define the same name."""
        for name in self.definitions.keys() & other.definitions.keys():
            raise _defined_twice(name, self.definitions[name], other.definitions[name])
        return DesignFile(self.designs + other.designs, {**self.definitions, **other.definitions})

    def complete(self, text: str) -> str:
        """`text` preceded by the definitions that it uses, directly or indirectly, except for its own."""
        used = self._used(text) - {*OWN_DEFINITION.findall(text)}
        if not used:
            return text
        own = text.lines if isinstance(text, SourceText) else (SourceLine(text),)
        texts = [*(definition.lines for name, definition in self.definitions.items() if name in used), own]
        separators = "\n".join(" " * (len(lines) - 1) for lines in texts)
        return SourceText.joined((line for lines in texts for line in lines), separators)

    def _used(self, text: str) -> set[str]:
        """The names of the definitions that `text` uses, directly or indirectly."""
        used: set[str] = set()
        pending = [text]
        while pending:
            names = {*WORD.findall(pending.pop())} & self.definitions.keys() - used
            used |= names
            pending += [self.definitions[name] for name in names]
        return used


def read_design_file(path: str) -> DesignFile:
    """The designs and definitions in a file; UsageError if it can't be read or has none."""
    if not path:
        raise UsageError("@ must be followed by the name of a file", hint="Write it as @designs.txt.")
    name = escape_to_ascii(display_path(Path(path)))
    text = read_text(Path(path), LARGEST_FILE)
    if "\0" in text:
        raise UsageError(f"{name} is not a text file")
    file = parse_design_file(text, name)
    if not file.designs and not file.definitions:
        raise UsageError(f"{name} has no design", hint="Write one per line, such as wide = Linear(E, 4E)")
    return file


def parse_design_file(text: str, path: str) -> DesignFile:
    """The designs and definitions in a text; SpecError for a bracket that is not closed."""
    designs: list[SourceText] = []
    definitions: dict[str, SourceText] = {}
    statements = (part for lines in _statements(text, path) for part in _split_definitions(lines))
    for lines in statements:
        statement = SourceText.joined(lines, " " * (len(lines) - 1))
        if not (defined := DEFINITION.match(statement)):
            designs.append(statement)
        elif defined[1] in definitions:
            raise _defined_twice(defined[1], definitions[defined[1]], statement)
        else:
            definitions[defined[1]] = statement
    return DesignFile(tuple(designs), definitions)


def _defined_twice(name: str, first: SourceText, second: SourceText) -> UsageError:
    return UsageError(f"{second.where}: {name} is already defined", hint=f"It is defined in {first.where}.")


def _statements(text: str, path: str) -> Iterator[Sequence[SourceLine]]:
    """The lines of each design or definition, without comments and empty lines."""
    statement: list[SourceLine] = []
    indent, brackets = 0, 0
    for number, whole in enumerate(text.removeprefix(BYTE_ORDER_MARK).split("\n"), 1):
        code = _without_comment(whole).rstrip()
        line = SourceLine(code.lstrip(), f"{path}:{number}")
        if not line.text:
            continue
        own_indent = len(code) - len(line.text)
        if statement and brackets <= 0 and own_indent <= indent:
            yield statement
            statement = []
        if not statement:
            indent, brackets = own_indent, 0
        statement.append(line)
        brackets += _open_brackets(line.text)
    if brackets > 0:
        raise _not_closed(statement)
    if statement:
        yield statement


def _split_definitions(lines: Sequence[SourceLine]) -> Iterator[Sequence[SourceLine]]:
    """Definitions that end with a semicolon, each separately, and the rest."""
    if not DEFINITION.match(lines[0].text):
        yield lines
        return
    for number, line in enumerate(lines):
        code, semicolon, _ = _without_quoted(line.text).partition(";")
        if semicolon:
            yield (*lines[:number], line._replace(text=line.text[: len(code)]))
            rest = line._replace(text=line.text[len(code) + 1 :].lstrip())
            remaining = (*((rest,) if rest.text else ()), *lines[number + 1 :])
            yield from _split_definitions(remaining) if remaining else ()
            return
    yield lines


def _without_comment(line: str) -> str:
    code, _, _ = _without_quoted(line).partition("#")
    return line[: len(code)]


def _without_quoted(line: str) -> str:
    """The line with quoted text replaced by spaces."""
    return QUOTED.sub(lambda match: " " * len(match[0]), line)


def _open_brackets(code: str) -> int:
    """The number of opening brackets minus closing ones."""
    unquoted = _without_quoted(code)
    return sum(map(unquoted.count, "([")) - sum(map(unquoted.count, ")]"))


def _not_closed(statement: Iterable[SourceLine]) -> SpecError:
    """The error for the first bracket that is open at the end of the file."""
    opened: list[tuple[SourceLine, int]] = []
    for line in statement:
        for place, sign in enumerate(_without_quoted(line.text)):
            if sign in "([":
                opened.append((line, place))
            elif sign in ")]" and opened:
                opened.pop()
    line, place = opened[0]
    text = SourceText.joined((line,), ())
    return SpecError("this bracket is not closed", text=text, span=Span(place, place + 1))
