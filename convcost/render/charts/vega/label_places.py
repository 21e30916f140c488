"""Places labels of points without overlap; labels without room are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from convcost.render.charts.theme import BOLD_LETTER, FONT_SIZE, LETTER

MOST_LABELS = 40
"""The most labels of a picture."""

TICKS = 60
"""The minimum width of tick labels left of the axes, in pixels."""


class LabelPlace(NamedTuple):
    """The offset of a label from its point in pixels, and the label's alignment."""

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
"""The places to try, in order."""


class BoundingBox(NamedTuple):
    """The box that a label covers."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: BoundingBox) -> bool:
        """Whether both boxes overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def is_within(self, width: float, height: float) -> bool:
        """Whether the box is inside the plot area."""
        return self.left >= 0 and self.right <= width and self.top >= 0 and self.bottom <= height


def text_width(text: str) -> float:
    """The approximate width of a text in pixels."""
    return LETTER * len(text)


def label_places(
    points: Sequence[tuple[float, float, str]],
    width: float,
    height: float,
    others: Iterable[tuple[float, float]] = (),
) -> list[LabelPlace | None]:
    """The place of each point's label, given the points in pixels; None if it has no room.

    Labels also avoid `others`, which are points of lines.
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
    """The row of a label above the plot area, 0 the lowest, and its horizontal offset in pixels."""

    row: int
    shift: float


def top_labels(labels: Sequence[tuple[float, str]], width: float) -> list[TopLabel]:
    """Place labels above the plot area, given their x positions in pixels and their texts.

    Each is centred, unless it would be cut off at the right end of the axis or left of the tick labels.
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
