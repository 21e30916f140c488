"""What changed from a baseline as tables: the totals, and the layers or modules that it is in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from convcost.gate.changes import Changes
from convcost.gate.diff import RowChange
from convcost.gate.row_folding import folded
from convcost.gate.rows import Figure
from convcost.gate.verdict import Judged
from convcost.render.document import Line, Table
from convcost.render.gate.words import LABELS, difference, figure, share

MOST_LINES = 20
"""Rows that are listed, those that change most; the rest on one line."""

SHOWN = ("params", "macs", "elementwise", "activations", "bias_adds", "valid_macs")
"""The figures of rows, in the order in which there is room for three of them."""

MOST_COLUMNS = 3

Pair = tuple[Figure, Figure]


class Kin(NamedTuple):
    """What rows have in common that changed alike."""

    kind: str
    what: str
    figures: tuple[tuple[str, Pair], ...]


class Group(NamedTuple):
    """Rows that changed alike and that differ in numbers of their path alone, all together."""

    path: str
    kin: Kin
    copies: int

    def moved(self, metric: str) -> Pair:
        """A figure of all of them, before and after."""
        before, after = dict(self.kin.figures).get(metric, (0, 0))
        return _times(self.copies, before), _times(self.copies, after)

    @property
    def size(self) -> int:
        """By how much it changed, in parameters and products; the most where that is not known."""
        pairs = [self.moved(metric) for metric in ("params", "macs")]
        if any(isinstance(each, str) for pair in pairs for each in pair):
            return 10**40
        return sum(abs(after - before) for before, after in pairs)  # type: ignore[operator]


def _times(copies: int, each: Figure) -> Figure:
    return each if isinstance(each, str) else each * copies


def grouped(rows: tuple[RowChange, ...]) -> list[Group]:
    """The rows that changed, those that changed most in front."""
    by_what: dict[str, dict[str, Kin]] = defaultdict(dict)
    for row in rows:
        by_what[row.what][row.placed.path] = Kin(row.placed.row.kind, row.what, tuple(row.figures.items()))
    found = [
        Group(path, each.item, each.copies)
        for kins in by_what.values()
        for path, each in folded(kins).items()
    ]
    return sorted(found, key=lambda group: -group.size)


def change_tables(judged: Judged, width: int) -> Iterator[Table]:
    """The totals that changed, and the rows; nothing where none did."""
    if judged.changes:
        part = "module" if judged.report.trace else "layer"
        yield from tables_of(judged.changes, judged.entry.name, part, width)


def tables_of(
    found: Changes, name: str, part: str, width: int, ends: tuple[str, str] = ("before", "now")
) -> Iterator[Table]:
    """The same of what is called `name`; `ends` are what its two states are called."""
    if found.totals:
        yield fitted(_totals(name, found.totals, ends), width)
    if found.rows:
        yield fitted(_rows(f"{name}, by {part}", grouped(found.rows)), width)


def fitted(table: Table, width: int) -> Table:
    """`table`, its texts broken into lines where it would be too wide: it is not to be read in parts."""
    return table._replace(text=not table.fits(width))


def _totals(name: str, totals: Mapping[str, Pair], ends: tuple[str, str]) -> Table:
    lines = [
        Line(LABELS[metric], (figure(before), figure(after), difference(before, after), share(before, after)))
        for metric, (before, after) in totals.items()
    ]
    return Table((name, *ends, "difference", "share"), tuple(lines))


def _rows(heading: str, groups: list[Group]) -> Table:
    changed = {metric for group in groups for metric, _ in group.kin.figures}
    metrics = [metric for metric in SHOWN if metric in changed][:MOST_COLUMNS]
    lines = [_line(group, metrics) for group in groups[:MOST_LINES]]
    if groups[MOST_LINES:]:
        lines.append(_others(groups[MOST_LINES:], metrics))
    return Table((heading, "change", *(LABELS[metric] for metric in metrics)), tuple(lines))


def _line(group: Group, metrics: list[str]) -> Line:
    times = f"{group.copies} × " if group.copies > 1 else ""
    cells = (_cell(*group.moved(metric)) for metric in metrics)
    return Line(f"{group.path or '(itself)'}: {times}{group.kin.kind}", (group.kin.what, *cells))


def _cell(before: Figure, after: Figure) -> str:
    return "" if before == after else difference(before, after)


def _others(groups: list[Group], metrics: list[str]) -> Line:
    """All of `groups` on one line; of formulas there is no sum."""
    number = sum(group.copies for group in groups)
    cells = []
    for metric in metrics:
        pairs = [group.moved(metric) for group in groups]
        is_open = any(isinstance(each, str) for pair in pairs for each in pair)
        befores, afters = zip(*pairs, strict=True)
        cells.append("" if is_open else _cell(sum(befores), sum(afters)))
    return Line(f"{number:,} others", ("", *cells))
