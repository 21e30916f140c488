"""Rows of a report that are alike, to be explained once."""

from __future__ import annotations

from typing import NamedTuple

from convcost.explain.steps import Loop
from convcost.quantities import Shape, Size
from convcost.report import Described, Report, Row


class Group(NamedTuple):
    """Rows of one layer on inputs of one shape; `named` is the first with names for its sizes."""

    rows: tuple[Row, ...]
    named: Row

    @property
    def row(self) -> Row:
        """The one that stands for all."""
        return self.rows[0]

    @property
    def times(self) -> int:
        """How many they are."""
        return len(self.rows)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops of one, with their names and with numbers put in."""
        named = dict(self.named.layer.loops(self.named.input))
        return tuple(Loop(name, named[name], extent) for name, extent in self.row.layer.loops(self.row.input))

    @property
    def macs(self) -> Size:
        """MACs of all of them."""
        return self.times * self.row.cost.macs


def groups(report: Report, named: Report) -> tuple[Group, ...]:
    """The layers of `report` in order of appearance, those alike together."""
    found: dict[tuple[Described, Shape], list[tuple[Row, Row]]] = {}
    for row, by_name in zip(report.rows, named.rows, strict=True):
        found.setdefault((row.layer, row.input), []).append((row, by_name))
    return tuple(Group(tuple(row for row, _ in pairs), pairs[0][1]) for pairs in found.values())
