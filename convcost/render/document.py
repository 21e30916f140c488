"""A result laid out for reading: headings, tables, derivations, notes. Each visual format only writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from convcost.render.texts import MathText, map_text

GUTTER = 3
"""Between two columns: a space on both sides, and the screen's separator."""

LONGEST_LABEL = 32

TextChange: TypeAlias = Callable[[str], str]


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
        """By how many steps its label is indented."""
        return self.depth + self.minor


class Table(NamedTuple):
    """Columns with a heading each, the first for the labels; cells are numbers unless `text`."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    text: bool = False

    @property
    def longest_label(self) -> int:
        """The characters of the longest label as it is indented."""
        return max(len(line.label) + 2 * line.indent for line in self.lines)

    def column_width(self, column: int) -> int:
        """The characters of its longest text, and the gutter."""
        if column == 0:
            return min(LONGEST_LABEL, self.longest_label) + GUTTER
        cells = (len(line.cells[column - 1]) for line in self.lines)
        return max(len(self.columns[column]), *cells) + GUTTER

    def fits(self, width: int) -> bool:
        """Whether its columns have room side by side, with no label broken."""
        return self.longest_label + GUTTER + sum(map(self.column_width, range(1, len(self.columns)))) <= width

    def without(self, *headings: str) -> Table:
        """The table without some of its columns."""
        return self.only(
            [place for place in range(1, len(self.columns)) if self.columns[place] not in headings]
        )

    def only(self, places: Iterable[int]) -> Table:
        """The labels and the columns at `places`."""
        listed = list(places)
        lines = (line._replace(cells=tuple(line.cells[place - 1] for place in listed)) for line in self.lines)
        return self._replace(
            columns=(self.columns[0], *(self.columns[place] for place in listed)), lines=tuple(lines)
        )

    def split(self, width: int) -> list[Table]:
        """The table as several with the same labels, where it has more columns than fit side by side.

        A part has no lines that are empty in it.
        """
        groups: list[list[int]] = [[]]
        for column in range(1, len(self.columns)):
            used = self.column_width(0) + sum(map(self.column_width, groups[-1]))
            if groups[-1] and used + self.column_width(column) > width:
                groups.append([])
            groups[-1].append(column)
        if self.text or len(groups) == 1:
            return [self]
        parts = map(self.only, groups)
        filled = (
            part._replace(lines=tuple(line for line in part.lines if any(line.cells))) for part in parts
        )
        return [part for part in filled if part.lines]

    def map_texts(self, change: TextChange) -> Table:
        """The table with every text in it as `change` makes it."""
        lines = (
            line._replace(
                label=map_text(line.label, change), cells=tuple(map_text(cell, change) for cell in line.cells)
            )
            for line in self.lines
        )
        return self._replace(
            columns=tuple(map_text(column, change) for column in self.columns), lines=tuple(lines)
        )


class Section(NamedTuple):
    """Tables, and what to know about them."""

    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()

    def map_texts(self, change: TextChange) -> Section:
        """The section with every text in it as `change` makes it."""
        return Section(
            tuple(table.map_texts(change) for table in self.tables),
            tuple(map_text(note, change) for note in self.notes),
        )


class Fact(NamedTuple):
    """What the costs rest on, by name: sizes, a shape, or, without a name, an equation."""

    label: str
    text: str

    @property
    def is_equation(self) -> bool:
        """Whether it says how the fact above it comes about."""
        return not self.label


class EquationText(NamedTuple):
    """Sides that are all equal, and what they are equal to by name."""

    name: str
    sides: tuple[str, ...]

    @property
    def text(self) -> MathText:
        """All of it on one line."""
        return MathText.joined(" = ", (*([self.name] if self.name else []), *self.sides))


class LoopText(NamedTuple):
    """A loop: its variable, its extent as a formula, and the number of turns where that is another text."""

    name: str
    extent: str
    turns: str


class LoopNestText(NamedTuple):
    """Loops around one multiply–accumulate, outermost first."""

    loops: tuple[LoopText, ...]

    @property
    def lines(self) -> list[str]:
        """As a program, each loop with its number of turns behind it."""
        heads = [
            f"{'  ' * depth}for {loop.name} in range({loop.extent}):" for depth, loop in enumerate(self.loops)
        ]
        widest, widest_turns = max(map(len, heads)), max(len(loop.turns) for loop in self.loops)
        lines = [
            f"{head:{widest}}  {loop.turns:>{widest_turns}}".rstrip()
            for head, loop in zip(heads, self.loops, strict=True)
        ]
        return [*lines, f"{'  ' * len(self.loops)}one multiply–accumulate"]


class StepText(NamedTuple):
    """A step of a derivation: sentences, equations, loops."""

    title: str
    lines: tuple[str | EquationText | LoopNestText, ...]

    def map_texts(self, change: TextChange) -> StepText:
        """The step with every text in it as `change` makes it."""
        return StepText(map_text(self.title, change), tuple(_map_line(line, change) for line in self.lines))


def _map_line(
    line: str | EquationText | LoopNestText, change: TextChange
) -> str | EquationText | LoopNestText:
    match line:
        case EquationText():
            return EquationText(
                map_text(line.name, change), tuple(map_text(side, change) for side in line.sides)
            )
        case LoopNestText():
            return LoopNestText(
                tuple(LoopText(*(map_text(text, change) for text in loop)) for loop in line.loops)
            )
    return map_text(line, change)


class Derivation(NamedTuple):
    """How one thing comes about, step by step."""

    title: str
    steps: tuple[StepText, ...]

    def map_texts(self, change: TextChange) -> Derivation:
        """The derivation with every text in it as `change` makes it."""
        return Derivation(map_text(self.title, change), tuple(step.map_texts(change) for step in self.steps))


class Document(NamedTuple):
    """What to read: designs as code and facts about them, what they cost, what the counters say.

    `estimates` are sections on what was estimated from the costs; an explanation has `derivations`.
    """

    heading: tuple[tuple[str, str], ...]
    costs: Section
    counters: Section = Section()
    facts: tuple[Fact, ...] = ()
    estimates: tuple[Section, ...] = ()
    derivations: tuple[Derivation, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have something in them."""
        every = (self.costs, *self.estimates, self.counters)
        return tuple(section for section in every if section.tables or section.notes)

    def map_texts(self, change: TextChange) -> Document:
        """The document with every text in it as `change` makes it."""
        return Document(
            heading=tuple((map_text(label, change), map_text(text, change)) for label, text in self.heading),
            costs=self.costs.map_texts(change),
            counters=self.counters.map_texts(change),
            facts=tuple(Fact(map_text(label, change), map_text(text, change)) for label, text in self.facts),
            estimates=tuple(section.map_texts(change) for section in self.estimates),
            derivations=tuple(derivation.map_texts(change) for derivation in self.derivations),
        )
