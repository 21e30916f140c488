"""Where labels of points stand, so that none is on another: those that have no room are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convcost.render.charts.theme import BOLD_LETTER, FONT_SIZE, LETTER

MOST_LABELS = 40
"""A picture with more is not read."""

TICKS = 60
"""Pixels at least that the texts of ticks take left of the axes."""


class LabelPlace(NamedTuple):
    """Pixels from a point to its label, and which end of the label is there."""

    dx: int
    dy: int
    align: str


PLACES = (
    LabelPlace(8, 0, "left"),
    LabelPlace(-8, 0, "right"),
    LabelPlace(0, -12, "center"),
    LabelPlace(0, 13, "center"),
    LabelPlace(8, -11, "left"),
    LabelPlace(8, 12, "left"),
    LabelPlace(-8, 12, "right"),
    LabelPlace(-8, -11, "right"),
)
"""Those that are tried, in turn."""


class BoundingBox(NamedTuple):
    """What a label covers."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: BoundingBox) -> bool:
        """Whether both cover a pixel."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def is_within(self, width: float, height: float) -> bool:
        """Whether it is all inside of the axes."""
        return self.left >= 0 and self.right <= width and self.top >= 0 and self.bottom <= height


def text_width(text: str) -> float:
    """About how many pixels wide it is."""
    return LETTER * len(text)


def label_places(
    points: Sequence[tuple[float, float, str]],
    width: float,
    height: float,
    others: Iterable[tuple[float, float]] = (),
) -> list[LabelPlace | None]:
    """Where the label of each point stands, given the pixels of the points; None where it has no room.

    Labels are not on the `others` either, which are where lines are.
    """
    taken = [BoundingBox(x - 4, x + 4, y - 4, y + 4) for x, y, _ in points]
    taken += [BoundingBox(x - 2, x + 2, y - 2, y + 2) for x, y in others]
    found: list[LabelPlace | None] = []
    for number, (x, y, text) in enumerate(points):
        place = _free_place(x, y, text, taken, width, height) if text and number < MOST_LABELS else None
        if place:
            taken.append(_bounding_box(x, y, text, place))
        found.append(place)
    return found


def _free_place(
    x: float, y: float, text: str, taken: Sequence[BoundingBox], width: float, height: float
) -> LabelPlace | None:
    for place in PLACES:
        box = _bounding_box(x, y, text, place)
        if box.is_within(width, height) and not any(map(box.meets, taken)):
            return place
    return None


def _bounding_box(x: float, y: float, text: str, place: LabelPlace) -> BoundingBox:
    length = text_width(text)
    starts = {"left": 0.0, "center": length / 2, "right": length}
    left, middle = x + place.dx - starts[place.align], y + place.dy
    return BoundingBox(left, left + length, middle - FONT_SIZE / 2, middle + FONT_SIZE / 2)


class TopLabel(NamedTuple):
    """The row of a label above the axes, 0 the lowest, and the pixels from its point to its middle."""

    row: int
    shift: float


def top_labels(labels: Sequence[tuple[float, str]], width: float) -> list[TopLabel]:
    """Rows for labels above the axes, given the pixels that they are about and their texts.

    Each is above its place, but for one that would be cut off by the right end of the axis, or by the left
    end of its ticks.
    """
    rows: list[list[tuple[float, float]]] = []
    found = []
    for x, text in labels:
        length = BOLD_LETTER * len(text) + 8
        left = max(min(x - length / 2, width - length), -TICKS)
        span = (left, left + length)
        free = (row for row, spans in enumerate(rows) if not any(_overlap(span, each) for each in spans))
        row = next(free, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(span)
        found.append(TopLabel(row, left + length / 2 - x))
    return found


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
