"""Sorts the lines of a table, and selects the largest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Generic, NamedTuple, TypeVar

from convcost.analysis.parts import ReportPart
from convcost.core.metrics import BY_NAME
from convcost.core.units import exact, percent, plural
from convcost.render.style import View

Item = TypeVar("Item")

DEFAULT_SORT = "flops"
"""The quantity that decides which parts are the largest, unless another is given."""


class ShownItems(NamedTuple, Generic[Item]):
    """The items to show, in order, and the smaller ones that are left out."""

    items: tuple[Item, ...]
    others: tuple[Item, ...] = ()


class PartReader(NamedTuple):
    """Functions that read the part and the path of an item."""

    part: Callable[[Any], ReportPart]
    path: Callable[[Any], str]


def show(items: Iterable[Item], view: View, read: PartReader) -> ShownItems[Item]:
    """The items in the order of `view`, and only the largest if it limits their number.

    Ties keep the order in which they run.
    """
    if view.top is None:
        return ShownItems(tuple(in_order(items, view.sort, read)))
    ranked = in_order(items, largest_by(view), read)
    shown = in_order(ranked[: view.top], view.sort, read)
    return ShownItems(tuple(shown), tuple(ranked[view.top :]))


def largest_by(view: View) -> str:
    """The quantity that decides which parts are the largest."""
    return view.sort if view.sort in BY_NAME else DEFAULT_SORT


def in_order(items: Iterable[Item], sort: str, read: PartReader) -> list[Item]:
    """Sort items: quantities from the largest, paths from A to Z; unchanged if `sort` is empty."""
    if sort == "path":
        return sorted(items, key=read.path)
    if not sort:
        return list(items)
    return sorted(items, key=lambda item: -(read.part(item).quantity(sort) or 0))


def top_note(shown: ShownItems[Item], view: View, read: PartReader, what: str) -> str:
    """A sentence on the share of the shown items and of the others; empty without others.

    For a quantity that does not add up, it has only their number.
    """
    if not shown.others:
        return ""
    metric = BY_NAME[largest_by(view)]
    label = metric.standalone_label
    sums = [
        sum(read.part(item).quantity(metric.name) or 0 for item in items)
        for items in (shown.items, shown.others)
    ]
    number, total = len(shown.others), len(shown.others) + len(shown.items)
    text = f"The top {exact(len(shown.items))} of {exact(total)} {what}"
    if not metric.is_additive or not sum(sums):
        return f"{text} by {label} are shown."
    have, others_have = ("has" if count == 1 else "have" for count in (len(shown.items), number))
    shares = [percent(Fraction(each, sum(sums))) for each in sums]
    others = "one" if number == 1 else exact(number)
    whole = f"{label} of the rows that match" if view.filter else label
    return f"{text} {have} {shares[0]} of the {whole}; the other {others} {others_have} {shares[1]}."


def others_label(number: int) -> str:
    """12 others."""
    return f"{exact(number)} {plural(number, 'other')}"
