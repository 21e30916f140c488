"""Rows of a report that are alike, to be explained once."""

from __future__ import annotations

from typing import NamedTuple

from convcost.analysis.explain.arithmetic import without_rounding
from convcost.analysis.explain.steps import Loop
from convcost.core.cost import Shape, Size
from convcost.core.report import Described, Report, Row


class Group(NamedTuple):
    """Rows of one layer on inputs of one shape; `named` is the first with names for its sizes.

    `loops` are those of one row, with their names and with numbers put in.
    """

    rows: tuple[Row, ...]
    named: Row
    loops: tuple[Loop, ...]

    @property
    def row(self) -> Row:
        """The one that stands for all."""
        return self.rows[0]

    @property
    def times(self) -> int:
        """How many they are."""
        return len(self.rows)

    @property
    def macs(self) -> Size:
        """MACs of all of them."""
        return self.times * self.row.cost.macs


def groups(report: Report, named: Report) -> tuple[Group, ...]:
    """The layers of `report` in order of appearance, those alike together."""
    found: dict[tuple[Described, Shape], list[tuple[Row, Row]]] = {}
    for row, by_name in zip(report.rows, named.rows, strict=True):
        found.setdefault((row.layer, row.input), []).append((row, by_name))
    return tuple(
        Group(tuple(row for row, _ in pairs), by_name, _loops(report, row, named, by_name))
        for pairs in found.values()
        for row, by_name in pairs[:1]
    )


def _loops(report: Report, row: Row, named: Report, by_name: Row) -> tuple[Loop, ...]:
    names = _extents(named, by_name)
    return tuple(Loop(name, names[name], extent) for name, extent in _extents(report, row).items())


def _extents(report: Report, row: Row) -> dict[str, Size]:
    """The loops of `row`, each division that is assumed to be exact written as one."""
    return {name: without_rounding(extent, report.assumptions) for name, extent in row.layer.loops(row.input)}
