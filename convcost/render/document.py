"""A result laid out for reading: headings, tables, derivations, notes. Visual formats only write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar, cast

from convcost.render.texts import MathText, map_text

GUTTER = 3
"""The width between two columns: a space on both sides, and a separator."""

LONGEST_LABEL = 32

INFERRED_INPUT = " (input inferred)"
"""The remark on a design whose input was not given."""


def split_remark(text: str) -> tuple[str, str]:
    """A design and the remark on it, which is not code; the remark is empty without one."""
    code = text.removesuffix(INFERRED_INPUT)
    return code, text[len(code) :]


class Line(NamedTuple):
    """A row of a table: a label and its cells. A `minor` line is a detail of the line above.

    In a tree, `depth` is the level below the top.
    """

    label: str
    cells: tuple[str, ...]
    minor: bool = False
    depth: int = 0

    @property
    def indent(self) -> int:
        """The number of steps by which its label is indented."""
        return self.depth + self.minor


class Table(NamedTuple):
    """Headings of columns, the first for the labels, and lines; cells are numbers unless `text`."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    text: bool = False

    @property
    def longest_label(self) -> int:
        """The length of the longest label with its indent."""
        return max(len(line.label) + 2 * line.indent for line in self.lines)

    def column_width(self, column: int) -> int:
        """The length of its longest text, plus the gutter."""
        if column == 0:
            return min(LONGEST_LABEL, self.longest_label) + GUTTER
        cells = (len(line.cells[column - 1]) for line in self.lines)
        return max(len(self.columns[column]), *cells) + GUTTER

    def fits(self, width: int) -> bool:
        """Whether its columns fit side by side without breaking labels."""
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
        """Split the table into several with the same labels if its columns don't fit side by side.

        Parts leave out their empty lines. In several parts, labels may take half the width.
        """
        if self.text or len(self._column_groups(width, self.column_width(0))) == 1:
            return [self]
        labels = min(self.longest_label + GUTTER, max(width // 2, self.column_width(0)))
        parts = map(self.only, self._column_groups(width, labels))
        filled = (
            part._replace(lines=tuple(line for line in part.lines if any(line.cells))) for part in parts
        )
        return [part for part in filled if part.lines]

    def _column_groups(self, width: int, labels: int) -> list[list[int]]:
        """The columns of each part that fit beside labels of that width."""
        groups: list[list[int]] = [[]]
        for columns in self._inseparable_columns(width - labels):
            used = labels + sum(map(self.column_width, (*groups[-1], *columns)))
            if groups[-1] and used > width:
                groups.append([])
            groups[-1] += columns
        return groups

    def _inseparable_columns(self, room: int) -> Iterator[list[int]]:
        """Each column alone; but a ratio, `÷ first`, with the candidate before it if `room` is for both."""
        columns: list[int] = []
        for column, heading in enumerate(self.columns[1:], start=1):
            pair = [*columns, column]
            if columns and heading.startswith("÷ ") and sum(map(self.column_width, pair)) <= room:
                columns = pair
            else:
                yield from filter(None, [columns])
                columns = [column]
        yield from filter(None, [columns])


class Section(NamedTuple):
    """Tables, and notes on them."""

    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


class Fact(NamedTuple):
    """A labelled fact, such as sizes or a shape; without a label, an equation."""

    label: str
    text: str

    @property
    def is_equation(self) -> bool:
        """Whether it is an equation that derives the fact above it."""
        return not self.label


class EquationText(NamedTuple):
    """An equation with several equal sides, and the name of the quantity."""

    name: str
    sides: tuple[str, ...]

    @property
    def text(self) -> MathText:
        """All of it on one line."""
        return MathText.joined(" = ", (*([self.name] if self.name else []), *self.sides))


class LoopText(NamedTuple):
    """A loop: its variable, its extent as a formula, and the number of iterations if written differently."""

    name: str
    extent: str
    turns: str


class LoopNestText(NamedTuple):
    """Loops around one multiply–accumulate, outermost first."""

    loops: tuple[LoopText, ...]

    @property
    def lines(self) -> list[str]:
        """The loops as code, each followed by its number of iterations."""
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


class Derivation(NamedTuple):
    """The derivation of the costs of a layer, a design or a comparison."""

    title: str
    steps: tuple[StepText, ...]


class Document(NamedTuple):
    """A laid-out result: designs as code, facts, costs, and the counters' verdicts.

    `estimates` are sections on estimates from the costs; `derivations` are those of an explanation.
    """

    heading: tuple[tuple[str, str], ...]
    costs: Section
    counters: Section = Section()
    facts: tuple[Fact, ...] = ()
    estimates: tuple[Section, ...] = ()
    derivations: tuple[Derivation, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that are not empty."""
        every = (self.costs, *self.estimates, self.counters)
        return tuple(section for section in every if section.tables or section.notes)

    def map_texts(self, change: Callable[[str], str]) -> Document:
        """The document with `change` applied to every text."""
        return map_all_texts(self, change)


Part = TypeVar("Part")


def map_all_texts(part: Part, change: Callable[[str], str]) -> Part:
    """Apply `change` to every text in `part`, which may be a text, a tuple of parts, or anything else."""
    changed: Any = part
    if isinstance(part, str):
        changed = map_text(part, change)
    elif isinstance(part, tuple):
        fields = [map_all_texts(field, change) for field in part]
        changed = type(part)(*fields) if hasattr(part, "_fields") else tuple(fields)
    return cast("Part", changed)
