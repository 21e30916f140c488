"""A result laid out for reading: headings, tables, notes. Each visual format only dresses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Line(NamedTuple):
    """A row of a table: a label and its cells. A `minor` one stands below the row it belongs to.

    In a table that is a tree, `depth` is how far below the top it is.
    """

    label: str
    cells: tuple[str, ...]
    minor: bool = False
    depth: int = 0

    @property
    def indent(self) -> int:
        """By how many steps its label is set in."""
        return self.depth + self.minor


class Table(NamedTuple):
    """Columns with a heading each, the first for the labels; cells are numbers unless `text`."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    text: bool = False


class Command(str):
    """A note that is a command: it stays on one line however long, so that it can be copied."""

    __slots__ = ()


class Section(NamedTuple):
    """Tables, and what to know about them."""

    tables: tuple[Table, ...]
    notes: tuple[str, ...]


class Fact(NamedTuple):
    """What the costs rest on, by name: sizes, a shape, or, without a name, an equation."""

    label: str
    text: str

    @property
    def is_equation(self) -> bool:
        """Whether it says how the fact above it comes about."""
        return not self.label


class Document(NamedTuple):
    """What to read: designs as code and facts about them, what they cost, what the counters say.

    What was estimated from the costs stands `beside` them.
    """

    heading: tuple[tuple[str, str], ...]
    costs: Section
    counters: Section
    facts: tuple[Fact, ...] = ()
    beside: tuple[Section, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have something in them."""
        return tuple(section for section in (self.costs, *self.beside, self.counters) if section.tables)

    def written(self, write: Callable[[str], str]) -> Document:
        """The same with every text in it as `write` writes it."""
        return Document(
            heading=tuple((write(label), write(text)) for label, text in self.heading),
            costs=_section(self.costs, write),
            counters=_section(self.counters, write),
            facts=tuple(Fact(write(label), write(text)) for label, text in self.facts),
            beside=tuple(_section(section, write) for section in self.beside),
        )


def _section(section: Section, write: Callable[[str], str]) -> Section:
    return Section(
        tuple(_table(table, write) for table in section.tables),
        tuple(_note(note, write) for note in section.notes),
    )


def _note(note: str, write: Callable[[str], str]) -> str:
    return Command(write(note)) if isinstance(note, Command) else write(note)


def _table(table: Table, write: Callable[[str], str]) -> Table:
    lines = (
        line._replace(label=write(line.label), cells=tuple(map(write, line.cells))) for line in table.lines
    )
    return table._replace(columns=tuple(map(write, table.columns)), lines=tuple(lines))
