"""A result laid out for reading: headings, tables, notes. Each visual format only dresses it."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A row of a table: a label and its cells. A `minor` one stands below the row it belongs to."""

    label: str
    cells: tuple[str, ...]
    minor: bool = False


class Table(NamedTuple):
    """Columns with a heading each, the first for the labels; cells are numbers unless `text`."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    text: bool = False


class Section(NamedTuple):
    """Tables, and what to know about them."""

    tables: tuple[Table, ...]
    notes: tuple[str, ...]


class Document(NamedTuple):
    """What to read, in this order: what it is about, what it costs, what the counters say."""

    heading: tuple[tuple[str, str], ...]
    costs: Section
    counters: Section

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have something in them."""
        return tuple(section for section in (self.costs, self.counters) if section.tables)
