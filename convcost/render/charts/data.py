"""What a chart shows, as plain data: a picture and a text in the terminal are both made of it.

Numbers are as exact as the results that they come from; only what draws them rounds.
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
    """What numbers along an axis are: their label, and their unit as core/units.py writes it.

    Attributes:
        label: "FLOPs", "L", "FLOPs per byte".
        unit: "FLOPs", "B", "s"; empty for plain numbers.
        is_log: Whether equal steps are equal factors; all numbers are then positive.
    """

    label: str
    unit: str = ""
    is_log: bool = False


class Point(NamedTuple):
    """A point; `label` says what it is, and `value` is a third quantity, which is shown as its colour."""

    x: Number
    y: Number
    label: str = ""
    value: Number | None = None


class Series(NamedTuple):
    """Points of one name and colour: joined by a line in their order, or each by itself."""

    name: str
    points: tuple[Point, ...]
    kind: Literal["line", "points"] = "line"


class MarkedPoint(NamedTuple):
    """A point that the reader looks for, with its label: where two lines cross, the answer of a search."""

    x: Number
    y: Number
    label: str


class ReferenceLine(NamedTuple):
    """A straight line across the chart at `value` of one axis: a target, a limit."""

    value: Number
    label: str
    axis: Literal["x", "y"] = "y"


class XYChart(NamedTuple):
    """Lines and points over two axes; `color` says what the points' third quantity is, if they have one."""

    title: str
    x: ChartAxis
    y: ChartAxis
    series: tuple[Series, ...]
    marks: tuple[MarkedPoint, ...] = ()
    reference_lines: tuple[ReferenceLine, ...] = ()
    color: ChartAxis | None = None


class Segment(NamedTuple):
    """A length of a bar, with the name by which it is coloured.

    A measured one has the `low` and `high` ends of its spread.
    """

    name: str
    value: Number
    low: Number | None = None
    high: Number | None = None


class Bar(NamedTuple):
    """Segments one after another from zero; `bound` is a length that it is compared with."""

    label: str
    segments: tuple[Segment, ...]
    bound: Number | None = None

    @property
    def total(self) -> Number:
        """The length of all segments."""
        return sum(segment.value for segment in self.segments)

    @property
    def reach(self) -> Number:
        """How far anything of the bar goes: its segments, the high end of a spread, its bound."""
        return max(self.total, self.bound or 0, *(segment.high or 0 for segment in self.segments))

    @property
    def spans(self) -> Iterator[tuple[Segment, Number, Number]]:
        """Each segment, with where it starts and where it ends."""
        ends = accumulate((segment.value for segment in self.segments), initial=0)
        return ((segment, *span) for segment, span in zip(self.segments, pairwise(ends), strict=True))


class BarChart(NamedTuple):
    """Bars of one axis, the first on top; `bound` says what the bars' bounds are, if they have any."""

    title: str
    axis: ChartAxis
    bars: tuple[Bar, ...]
    bound: str = ""


class Tile(NamedTuple):
    """A part of a whole: it spans `size` from `start`, inside of what spans the same one `level` above.

    Attributes:
        label: What it is called within the part above.
        path: Its full name.
        level: How deep it is; 0 for the whole.
        group: The path of the part by which it is coloured: one that it is in, or its own.
    """

    label: str
    path: str
    level: int
    start: int
    size: int
    group: str = ""


class IcicleChart(NamedTuple):
    """A whole and its parts, level by level: `axis` is what their sizes are."""

    title: str
    axis: ChartAxis
    tiles: tuple[Tile, ...]

    @property
    def levels(self) -> int:
        """How many there are below the whole."""
        return max((tile.level for tile in self.tiles), default=0)

    def deepest_within(self, most: int) -> int:
        """The deepest level down to which there are at most `most` tiles in all; 1 at least."""
        by_level = Counter(tile.level for tile in self.tiles)
        counts = enumerate(accumulate(number for _, number in sorted(by_level.items())))
        return max([1, *(level for level, number in counts if number <= most)])

    def depth_text(self, shown: int) -> str:
        """How many of the levels are shown; nothing where all are."""
        return f"{shown} of {self.levels} levels" if shown < self.levels else ""


Chart: TypeAlias = XYChart | BarChart | IcicleChart


class Figure(NamedTuple):
    """Charts that make one picture, one below the other.

    Attributes:
        title: Above all of them.
        description: What there is to see, in a sentence: the alternative text of the picture.
        notes: Below them: the convention, what was left out.
    """

    title: str
    charts: tuple[Chart, ...]
    description: str
    notes: tuple[str, ...] = ()


class ChartOptions(NamedTuple):
    """What is drawn of a result.

    Attributes:
        metric: The quantity, by its name in core/metrics.py; the usual one if empty.
        ranges: The values of an open size, by its name; those around what is to be seen if there are none.
    """

    metric: str = ""
    ranges: Mapping[str, range] = MappingProxyType({})
