"""Charts as plain data, drawn as pictures or as text in a terminal.

Numbers are as exact as in the results; only drawing rounds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

Number: TypeAlias = int | Fraction | float


class ChartAxis(NamedTuple):
    """An axis: its label, and the unit of its numbers as in core/units.py.

    Attributes:
        label: "FLOPs", "L", "FLOPs per byte".
        unit: "FLOPs", "B", "s"; empty for plain numbers.
        is_log: Whether it is logarithmic; all numbers are then positive.
    """

    label: str
    unit: str = ""
    is_log: bool = False


class Point(NamedTuple):
    """A point with a label; `value` is a third quantity, shown as its colour."""

    x: Number
    y: Number
    label: str = ""
    value: Number | None = None


class Series(NamedTuple):
    """Points with one name and colour, joined by a line or not."""

    name: str
    points: tuple[Point, ...]
    kind: Literal["line", "points"] = "line"


class MarkedPoint(NamedTuple):
    """A highlighted point with a label, such as a break-even point or the answer of a search."""

    x: Number
    y: Number
    label: str


class ReferenceLine(NamedTuple):
    """A straight line across the chart at `value` of one axis, such as a target."""

    value: Number
    label: str
    axis: Literal["x", "y"] = "y"


class XYChart(NamedTuple):
    """Lines and points over two axes; `color` is the axis of the points' third quantity, if any."""

    title: str
    x: ChartAxis
    y: ChartAxis
    series: tuple[Series, ...]
    marks: tuple[MarkedPoint, ...] = ()
    reference_lines: tuple[ReferenceLine, ...] = ()
    color: ChartAxis | None = None


class Segment(NamedTuple):
    """A segment of a bar, coloured by its name.

    A measured one has a spread from `low` to `high`.
    """

    name: str
    value: Number
    low: Number | None = None
    high: Number | None = None


class Bar(NamedTuple):
    """Segments one after another from zero; `bound` is a length to compare with."""

    label: str
    segments: tuple[Segment, ...]
    bound: Number | None = None

    @property
    def total(self) -> Number:
        """The length of all segments."""
        return sum(segment.value for segment in self.segments)

    @property
    def reach(self) -> Number:
        """The largest extent of its segments, spreads and bound."""
        return max(self.total, self.bound or 0, *(segment.high or 0 for segment in self.segments))

    @property
    def spans(self) -> Iterator[tuple[Segment, Number, Number]]:
        """Each segment with its start and end."""
        ends = accumulate((segment.value for segment in self.segments), initial=0)
        return ((segment, *span) for segment, span in zip(self.segments, pairwise(ends), strict=True))


class BarChart(NamedTuple):
    """Bars along one axis, the first on top; `bound` is the name of the bars' bounds, if any."""

    title: str
    axis: ChartAxis
    bars: tuple[Bar, ...]
    bound: str = ""


class Tile(NamedTuple):
    """A part of an icicle: it spans `size` from `start`, within a tile one `level` above.

    Attributes:
        label: Its name within the tile above.
        path: Its full name.
        level: Its depth; 0 for the whole.
        group: The path of the part that decides its colour: its own, or of one that contains it.
    """

    label: str
    path: str
    level: int
    start: int
    size: int
    group: str = ""


class IcicleChart(NamedTuple):
    """A whole and its parts, level by level; `axis` describes their sizes."""

    title: str
    axis: ChartAxis
    tiles: tuple[Tile, ...]

    @property
    def levels(self) -> int:
        """The number of levels below the whole."""
        return max((tile.level for tile in self.tiles), default=0)

    def deepest_within(self, most: int) -> int:
        """The deepest level up to which there are at most `most` tiles; at least 1."""
        by_level = Counter(tile.level for tile in self.tiles)
        counts = enumerate(accumulate(number for _, number in sorted(by_level.items())))
        return max([1, *(level for level, number in counts if number <= most)])

    def depth_text(self, shown: int) -> str:
        """The number of shown levels; empty if all are."""
        return f"{shown} of {self.levels} levels" if shown < self.levels else ""


Chart: TypeAlias = XYChart | BarChart | IcicleChart


class Figure(NamedTuple):
    """Charts stacked in one picture.

    Attributes:
        title: The title above the charts.
        description: The alternative text of the picture.
        notes: Sizes, the convention, and what was left out.
    """

    title: str
    charts: tuple[Chart, ...]
    description: str
    notes: tuple[str, ...] = ()


class ChartOptions(NamedTuple):
    """What to draw of a result.

    Attributes:
        metric: The quantity, by its name in core/metrics.py; a default if empty.
        ranges: The values of an open size, by its name; by default around the break-even points.
    """

    metric: str = ""
    ranges: Mapping[str, range] = MappingProxyType({})
