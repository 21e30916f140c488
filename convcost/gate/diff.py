"""The layers or modules of two baselines lined up: what has a counterpart that differs, and what has none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from convcost.gate.row_folding import natural
from convcost.gate.rows import ROW_METRICS, Figure, Row

NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.|$)")

MOST_COMPARED = 250_000
"""Pairs of rows that are looked at to line up two baselines; beyond, rows are paired by their paths."""

LEADING = ("params", "macs")

What = Literal["added", "removed", "grown", "shrunk", "changed"]

NOTHING = Row("", ())


class Placed(NamedTuple):
    """A row and its path."""

    path: str
    row: Row

    @property
    def alike(self) -> tuple[str, str]:
        """What it has in common with its counterpart if that has another number."""
        return NUMBER.sub("*", self.path), self.row.kind


class RowChange(NamedTuple):
    """A layer or module before and after; None where there is none."""

    before: Placed | None
    after: Placed | None

    @property
    def placed(self) -> Placed:
        """As it is, or was."""
        found = self.after or self.before
        assert found
        return found

    @property
    def figures(self) -> dict[str, tuple[Figure, Figure]]:
        """The figures that changed, before and after."""
        before, after = (placed.row if placed else NOTHING for placed in self)
        pairs = {metric: (before.get(metric), after.get(metric)) for metric in ROW_METRICS}
        return {metric: pair for metric, pair in pairs.items() if pair[0] != pair[1]}

    @property
    def what(self) -> What:
        """What happened to it: to its parameters and products, or if not to them, to the rest."""
        if not (self.before and self.after):
            return "added" if self.after else "removed"
        figures = self.figures
        leading = {name: figures[name] for name in LEADING if name in figures} or figures
        if any(isinstance(figure, str) for pair in leading.values() for figure in pair):
            return "changed"
        is_more = {after > before for before, after in leading.values()}  # type: ignore[operator]
        return "changed" if len(is_more) > 1 else "grown" if is_more.pop() else "shrunk"


def row_changes(before: Sequence[Placed], after: Sequence[Placed]) -> list[RowChange]:
    """The rows that changed, in the order of their paths.

    A row's counterpart is the one of its path; where one that was put in or taken out moved the others on,
    so that by their order not half as many changed, it is the one that is as it was, whatever its number.
    """
    by_path = list(_paired(before, after))
    by_order = (change for old, new in _blocks(before, after) for change in _paired(old, new))
    few = list(islice(by_order, len(by_path) // 2 + 1))
    return sorted(few if 2 * len(few) <= len(by_path) else by_path, key=lambda it: natural(it.placed.path))


def _blocks(
    before: Sequence[Placed], after: Sequence[Placed]
) -> Iterator[tuple[Sequence[Placed], Sequence[Placed]]]:
    """The stretches between those that are the same in both."""
    start = _common_start(before, after)
    old, new = before[start:], after[start:]
    stop = _common_start(old[::-1], new[::-1])
    old, new = old[: len(old) - stop], new[: len(new) - stop]
    if not 0 < len(old) * len(new) <= MOST_COMPARED:
        yield old, new
        return
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, list(map(_key, old)), list(map(_key, new)), autojunk=False)
    for tag, first, last, from_new, to_new in matcher.get_opcodes():
        if tag != "equal":
            yield old[first:last], new[from_new:to_new]


def _common_start(before: Sequence[Placed], after: Sequence[Placed]) -> int:
    """How many rows are the same from the start on."""
    pairs = enumerate(zip(before, after, strict=False))
    shorter = min(len(before), len(after))
    return next((place for place, (old, new) in pairs if _key(old) != _key(new)), shorter)


def _key(placed: Placed) -> tuple[tuple[str, str], Row]:
    return placed.alike, placed.row


def _paired(old: Sequence[Placed], new: Sequence[Placed]) -> Iterator[RowChange]:
    """Counterparts of the same path and class, then of the same but for numbers; the rest alone."""
    found = _matched(old, new, lambda placed: (placed.path, placed.row.kind))
    met = {*found.values()}
    left = [placed for placed in new if placed not in met]
    found |= _matched([placed for placed in old if placed not in found], left, lambda placed: placed.alike)
    pairs = (RowChange(placed, found.get(placed)) for placed in old)
    yield from (pair for pair in pairs if pair.after is None or pair.figures)
    met = {*found.values()}
    yield from (RowChange(None, placed) for placed in new if placed not in met)


def _matched(
    old: Iterable[Placed], new: Iterable[Placed], key: Callable[[Placed], object]
) -> dict[Placed, Placed]:
    """Those with equal keys, one by one in order."""
    waiting: dict[object, list[Placed]] = {}
    for placed in reversed(list(new)):
        waiting.setdefault(key(placed), []).append(placed)
    return {placed: waiting[key(placed)].pop() for placed in old if waiting.get(key(placed))}
