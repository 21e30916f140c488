"""Folds equal rows whose paths differ only in numbers into one: `blocks.[0-11].fc`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

Parts = tuple[str, ...]

INDICES = re.compile(r"\[(\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)\]", re.ASCII)
INDEX = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)

MOST_ROWS = 1_000_000
"""The largest number of rows that the paths of an entry in a lock file may stand for."""


class FoldedRow(NamedTuple, Generic[Item]):
    """The item of each of `copies` paths."""

    item: Item
    copies: int = 1


def fold_rows(items: Mapping[str, Item]) -> dict[str, FoldedRow[Item]]:
    """`items` by folded paths, sorted: numbers with equal items are combined.

    Nothing is folded if a path already looks folded.
    """
    parts = {tuple(path.split(".")): FoldedRow(item) for path, item in items.items()}
    if not any(INDICES.fullmatch(part) for path in parts for part in path):
        for place in range(max(map(len, parts), default=0)):
            parts = _fold_at(place, parts)
    paths = {".".join(path): found for path, found in parts.items()}
    return {path: paths[path] for path in sorted(paths, key=natural_sort_key)}


def _fold_at(place: int, items: Mapping[Parts, FoldedRow[Item]]) -> dict[Parts, FoldedRow[Item]]:
    """The items with the numbers at `place` of their paths combined."""
    groups: dict[tuple[Parts, Parts, FoldedRow[Item]], list[str]] = defaultdict(list)
    others: dict[Parts, FoldedRow[Item]] = {}
    for path, found in items.items():
        if place < len(path) and INDEX.fullmatch(path[place]):
            groups[path[:place], path[place + 1 :], found].append(path[place])
        else:
            others[path] = found
    combined = {
        (*before, _join_indices(numbers), *after): found._replace(copies=found.copies * len(numbers))
        for (before, after, found), numbers in groups.items()
    }
    return others | combined


def _join_indices(found: list[str]) -> str:
    """`3`, or `[0-3,5]`."""
    if len(found) == 1:
        return found[0]
    runs: list[list[int]] = []
    for number in sorted(map(int, found)):
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return f"[{','.join('-'.join(map(str, run)) for run in runs)}]"


def unfold_path(path: str) -> list[str]:
    """All paths that a folded path stands for; ValueError if there are none, or too many."""
    choices = [_indices(part) for part in path.split(".")]
    if not 1 <= prod(map(len, choices)) <= MOST_ROWS:
        raise ValueError(path)
    return [".".join(parts) for parts in product(*choices)]


def _indices(part: str) -> list[str]:
    found = INDICES.fullmatch(part)
    if not found:
        return [part]
    ends = [tuple(map(int, run.split("-"))) for run in found[1].split(",")]
    ranges = [range(run[0], run[-1] + 1) for run in ends]
    if sum(map(len, ranges)) > MOST_ROWS:
        raise ValueError(part)
    return [str(number) for run in ranges for number in run]


def natural_sort_key(path: str) -> list[tuple[int, int, str]]:
    """The key to sort paths by: numbers by value, before names."""
    return [_rank(part) for part in path.split(".")]


def _rank(part: str) -> tuple[int, int, str]:
    number = re.match(r"\[?(\d{1,40})", part, re.ASCII)
    return (0, int(number[1]), part) if number else (1, 0, part)
