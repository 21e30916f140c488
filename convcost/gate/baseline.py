"""The baseline of an entry, as in the lock file, and the changes between two baselines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any, Literal, NamedTuple

from convcost.core.cost import MATMUL, Convention
from convcost.core.metrics import BY_NAME, METRICS
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.gate.entry import Entry
from convcost.gate.row_folding import natural_sort_key

BASELINE_METRICS = tuple(metric.name for metric in METRICS if metric.in_baseline)
"""The totals in a baseline."""

ROW_METRICS = tuple(
    metric.name for metric in METRICS if metric.in_baseline and metric.is_additive and metric.name != "flops"
)
"""The metrics of a layer or module, whose sums are the totals."""

Figure = int | str
"""A number, or the text of a formula if sizes are open."""

FigurePair = tuple[Figure, Figure]
"""A figure before and after."""


class BaselineRow(NamedTuple):
    """A layer or module: its class, and its figures that are not 0."""

    kind: str
    figures: tuple[tuple[str, Figure], ...]

    def get(self, metric: str) -> Figure:
        """One of the figures."""
        return dict(self.figures).get(metric, 0)


class Baseline(NamedTuple):
    """The costs of an entry, with its subject, sizes, convention and dtype; rows are by path."""

    of: str
    sizes: Mapping[str, int]
    totals: Mapping[str, Figure]
    rows: Mapping[str, BaselineRow]
    convention: Convention = MATMUL
    dtype: str = "float32"


def baseline_of(entry: Entry, report: Report) -> Baseline:
    """The baseline of an entry with this report."""
    return Baseline(
        of=entry.text,
        sizes={name: size for name, size in report.sizes.items() if isinstance(size, int)},
        totals={metric: _figure(_total(report, metric)) for metric in BASELINE_METRICS},
        rows={row.path: _row(row) for row in report.rows},
        convention=report.convention,
        dtype=report.dtype,
    )


def _total(report: Report, metric: str) -> Any:
    """A total; None if the convention needs valid MACs and they have no formula."""
    if metric == "flops" and report.convention.padding == "valid" and report.valid_macs is None:
        return None
    return getattr(report, metric)


def _row(row: Row) -> BaselineRow:
    figures = ((name, _figure(BY_NAME[name].in_row(row, MATMUL))) for name in ROW_METRICS)
    return BaselineRow(row.kind, tuple((metric, figure) for metric, figure in figures if figure != 0))


def _figure(value: Any) -> Figure:
    if isinstance(value, int):
        return value
    if value is None:
        return "no formula"
    from convcost.symbolic.sympy_expressions import python_number
    from convcost.symbolic.sympy_text import program

    number = python_number(value)
    return number if isinstance(number, int) else program(value)


RowChangeKind = Literal["added", "removed", "grown", "shrunk", "changed"]

LEADING = ("params", "macs")
"""If one of these figures changed, they decide whether a row has grown or shrunk."""

NO_ROW = BaselineRow("", ())


class LocatedRow(NamedTuple):
    """A row and its path."""

    path: str
    row: BaselineRow

    @property
    def generic_key(self) -> tuple[str, str]:
        """Its path with each number replaced by `*`, and its class."""
        return NUMBER.sub("*", self.path), self.row.kind


class RowChange(NamedTuple):
    """A layer or module before and after: None before it was added, or after it was removed."""

    before: LocatedRow | None
    after: LocatedRow | None

    @property
    def located(self) -> LocatedRow:
        """The row after the change, or before if it was removed."""
        found = self.after or self.before
        assert found
        return found

    @property
    def figures(self) -> dict[str, FigurePair]:
        """The figures that changed, before and after."""
        before, after = (located.row if located else NO_ROW for located in self)
        pairs = {metric: (before.get(metric), after.get(metric)) for metric in ROW_METRICS}
        return {metric: pair for metric, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def kind(self) -> RowChangeKind:
        """The change of its parameters and MACs, or, if they are equal, of its other figures."""
        if not (self.before and self.after):
            return "added" if self.after else "removed"
        figures = self.figures
        leading = {name: figures[name] for name in LEADING if name in figures} or figures
        if any(isinstance(figure, str) for pair in leading.values() for figure in pair):
            return "changed"
        is_more = {after > before for before, after in leading.values()}  # type: ignore[operator]
        return "changed" if len(is_more) > 1 else "grown" if is_more.pop() else "shrunk"


class BaselineChanges(NamedTuple):
    """The totals that changed, before and after, and the rows that changed."""

    totals: Mapping[str, FigurePair]
    rows: tuple[RowChange, ...]

    def is_within(self, tolerance: Fraction, growth_only: bool = False) -> bool:
        """Whether every total changed, or with `growth_only` grew, by at most this share of its old value."""
        return not self.totals_beyond(tolerance, growth_only)

    def totals_beyond(self, tolerance: Fraction, growth_only: bool) -> dict[str, FigurePair]:
        """The totals that are not within the tolerance."""
        return {
            metric: pair
            for metric, pair in self.totals.items()
            if not _is_within(*pair, tolerance, growth_only)
        }


def _is_within(before: Figure, after: Figure, tolerance: Fraction, growth_only: bool) -> bool:
    """Whether a total is within the tolerance. A changed formula never is: some sizes may exceed it."""
    if isinstance(before, str) or isinstance(after, str):
        return False
    change = after - before
    return (change if growth_only else abs(change)) <= tolerance * before


def compare_baselines(before: Baseline, after: Baseline) -> BaselineChanges:
    """The totals and rows that differ."""
    totals = {metric: (before.totals[metric], after.totals[metric]) for metric in BASELINE_METRICS}
    is_same = before.rows == after.rows
    return BaselineChanges(
        {metric: pair for metric, pair in totals.items() if pair[0] != pair[1]},
        () if is_same else tuple(compare_rows(_located_rows(before), _located_rows(after))),
    )


def _located_rows(baseline: Baseline) -> list[LocatedRow]:
    return [LocatedRow(path, baseline.rows[path]) for path in sorted(baseline.rows, key=natural_sort_key)]


NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")

MOST_COMPARED = 250_000
"""The largest number of pairs of rows to compare when aligning two baselines; else rows pair by path."""


def compare_rows(before: Sequence[LocatedRow], after: Sequence[LocatedRow]) -> list[RowChange]:
    """The rows that changed, in the order of their paths.

    Rows are paired by path. Where an inserted or removed layer renumbers the others, they are paired
    by their order instead, if that gives at most half as many changes, or finds rows that moved.
    """
    by_path = list(_pair_rows(before, after))
    by_order = (change for old, new in _different_blocks(before, after) for change in _pair_rows(old, new))
    few = list(islice(by_order, len(by_path) // 2 + 1) if by_path else by_order)
    changes = few if 2 * len(few) <= len(by_path) or not by_path else by_path
    return sorted(changes, key=lambda change: natural_sort_key(change.located.path))


def _different_blocks(
    before: Sequence[LocatedRow], after: Sequence[LocatedRow]
) -> Iterator[tuple[Sequence[LocatedRow], Sequence[LocatedRow]]]:
    """The blocks of rows that differ, between equal rows."""
    start = _common_prefix(before, after)
    old, new = before[start:], after[start:]
    stop = _common_prefix(old[::-1], new[::-1])
    old, new = old[: len(old) - stop], new[: len(new) - stop]
    if not 0 < len(old) * len(new) <= MOST_COMPARED:
        yield old, new
        return
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, list(map(_order_key, old)), list(map(_order_key, new)), autojunk=False)
    for tag, first, last, from_new, to_new in matcher.get_opcodes():
        if tag != "equal":
            yield old[first:last], new[from_new:to_new]


def _common_prefix(before: Sequence[LocatedRow], after: Sequence[LocatedRow]) -> int:
    """The number of equal rows at the start."""
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    return next((place for place, (old, new) in pairs if _order_key(old) != _order_key(new)), shorter)


def _order_key(located: LocatedRow) -> tuple[tuple[str, str], BaselineRow]:
    return located.generic_key, located.row


def _pair_rows(old: Sequence[LocatedRow], new: Sequence[LocatedRow]) -> Iterator[RowChange]:
    """Pairs with equal path and class, then pairs equal except for numbers, then the remaining rows."""
    found = _match(old, new, lambda located: (located.path, located.row.kind))
    taken = {*found.values()}
    left = [located for located in new if located not in taken]
    found |= _match([located for located in old if located not in found], left, lambda it: it.generic_key)
    pairs = (RowChange(located, found.get(located)) for located in old)
    yield from (pair for pair in pairs if pair.after is None or pair.figures)
    taken = {*found.values()}
    yield from (RowChange(None, located) for located in new if located not in taken)


def _match(
    old: Iterable[LocatedRow], new: Iterable[LocatedRow], key: Callable[[LocatedRow], object]
) -> dict[LocatedRow, LocatedRow]:
    """The rows with equal keys, paired in order."""
    waiting: dict[object, list[LocatedRow]] = {}
    for located in reversed(list(new)):
        waiting.setdefault(key(located), []).append(located)
    return {located: waiting[key(located)].pop() for located in old if waiting.get(key(located))}
