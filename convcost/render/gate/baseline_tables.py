"""Tables of changes from a baseline: totals, and the layers or modules that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from convcost.core.metrics import BY_NAME
from convcost.gate.baseline import ROW_METRICS, BaselineChanges, Figure, FigurePair, RowChange
from convcost.gate.result import EntryResult
from convcost.gate.row_folding import fold_rows
from convcost.render.document import Line, Table
from convcost.render.gate.check_texts import LABELS, change_share, difference_text, figure_text

MOST_LINES = 20
"""The most rows to list, with the largest changes; the others share a line."""

LEADING_METRICS = ("params", "macs", "elementwise", "activations")

METRIC_ORDER = (
    *LEADING_METRICS,
    *sorted({*ROW_METRICS} - {*LEADING_METRICS}, key=lambda name: (BY_NAME[name].is_minor, name)),
)
"""The metrics of rows, in order of precedence for the columns."""

MOST_COLUMNS = 3

FORMULA_CHANGE_SIZE = 10**40
"""The size of a changed formula, to sort it before all numbers."""


class FigureChange(NamedTuple):
    """The class of a layer or module, whether it was added, removed or changed, and its figures."""

    kind: str
    change: str
    figures: tuple[tuple[str, FigurePair], ...]


class RowGroup(NamedTuple):
    """Rows that changed in the same way and whose paths differ only in numbers."""

    path: str
    change: FigureChange
    copies: int

    def total(self, metric: str) -> FigurePair:
        """The sum of a metric over all rows, before and after."""
        before, after = dict(self.change.figures).get(metric, (0, 0))
        return _multiply(self.copies, before), _multiply(self.copies, after)

    @property
    def size(self) -> int:
        """The change of parameters and MACs, to sort by."""
        pairs = [self.total(metric) for metric in ("params", "macs")]
        if any(isinstance(each, str) for pair in pairs for each in pair):
            return FORMULA_CHANGE_SIZE
        return sum(abs(after - before) for before, after in pairs)  # type: ignore[operator]


def _multiply(copies: int, each: Figure) -> Figure:
    return each if isinstance(each, str) else each * copies


def _group_rows(rows: tuple[RowChange, ...]) -> list[RowGroup]:
    """The rows in groups, with the largest changes first."""
    by_kind: dict[str, dict[str, FigureChange]] = defaultdict(dict)
    for row in rows:
        change = FigureChange(row.located.row.kind, row.kind, tuple(row.figures.items()))
        by_kind[row.kind][row.located.path] = change
    groups = [
        RowGroup(path, group.item, group.copies)
        for changes in by_kind.values()
        for path, group in fold_rows(changes).items()
    ]
    return sorted(groups, key=lambda group: -group.size)


def entry_tables(result: EntryResult, width: int) -> Iterator[Table]:
    """The tables of an entry; none if nothing changed."""
    if result.changes:
        part = "module" if result.report.trace else "layer"
        yield from change_tables(result.changes, result.entry.name, part, width)


def change_tables(
    changes: BaselineChanges, name: str, part: str, width: int, columns: tuple[str, str] = ("before", "now")
) -> Iterator[Table]:
    """Tables of the totals and the rows of `name`; `columns` are the headings of old and new."""
    if changes.totals:
        yield wrap_to_fit(_totals(name, changes.totals, columns), width)
    if changes.rows:
        yield wrap_to_fit(_rows(f"{name}, by {part}", _group_rows(changes.rows)), width)


def wrap_to_fit(table: Table, width: int) -> Table:
    """`table`, with cells that wrap if it is wider than `width`, so that it is not split."""
    return table._replace(text=not table.fits(width))


def _totals(name: str, totals: Mapping[str, FigurePair], columns: tuple[str, str]) -> Table:
    lines = [
        Line(
            LABELS[metric],
            (
                figure_text(before),
                figure_text(after),
                difference_text(before, after),
                change_share(before, after),
            ),
        )
        for metric, (before, after) in totals.items()
    ]
    return Table((name, *columns, "difference", "relative"), tuple(lines))


def _rows(heading: str, groups: list[RowGroup]) -> Table:
    changed = {metric for group in groups for metric, _ in group.change.figures}
    metrics = [metric for metric in METRIC_ORDER if metric in changed][:MOST_COLUMNS]
    lines = [_line(group, metrics) for group in groups[:MOST_LINES]]
    if groups[MOST_LINES:]:
        lines.append(_others(groups[MOST_LINES:], metrics))
    return Table((heading, "change", *(LABELS[metric] for metric in metrics)), tuple(lines))


def _line(group: RowGroup, metrics: list[str]) -> Line:
    times = f"{group.copies} × " if group.copies > 1 else ""
    cells = (_cell(*group.total(metric)) for metric in metrics)
    return Line(f"{group.path or '(itself)'}: {times}{group.change.kind}", (group.change.change, *cells))


def _cell(before: Figure, after: Figure) -> str:
    return "" if before == after else difference_text(before, after)


def _others(groups: list[RowGroup], metrics: list[str]) -> Line:
    """A line with the sum of `groups`; empty for formulas."""
    number = sum(group.copies for group in groups)
    cells = []
    for metric in metrics:
        pairs = [group.total(metric) for group in groups]
        is_open = any(isinstance(each, str) for pair in pairs for each in pair)
        befores, afters = zip(*pairs, strict=True)
        cells.append("" if is_open else _cell(sum(befores), sum(afters)))
    return Line(f"{number:,} others", ("", *cells))
