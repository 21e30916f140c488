"""What designs cost over a grid of sizes: what a sweep is. Pure data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.late_binding import RenderMethods, TableMethods
from convcost.core.metrics import METRICS

QUANTITIES = tuple(metric.name for metric in METRICS if metric.units)
"""The metrics that are whole numbers: what is computed of each design."""

DESIGN, SPEC = "design", "spec"
"""The columns of texts in files and tables: a design's name, and its text with numbers put in."""

SECONDS = "seconds"
"""The roofline lower bound on a device; of several devices, what the name of each starts with."""

RATIO = "ratio"
"""Of a design's quantity to that of the first one, at the same sizes."""


class Objective(NamedTuple):
    """A quantity, a size or `ratio`, of which less is better, or more if it is to be the `largest`."""

    name: str
    largest: bool = False

    def __str__(self) -> str:
        return f"{self.name}:max" if self.largest else self.name


class SweptDesign(NamedTuple):
    """A design's name and its text."""

    name: str
    spec: str


def plain_argument(value: Any) -> str | int | float | bool | None:
    """An argument as JSON has it: a class or a function by its name, other objects as Python shows them."""
    if value is None or type(value) in (str, int, bool) or (type(value) is float and isfinite(value)):
        return value  # type: ignore[no-any-return]
    return str(getattr(value, "__name__", repr(value)))


class SweepRow(NamedTuple):
    """One design of the grid: what it is a case of, its sizes, and what it has of each quantity.

    `quotients` are the quantities that are no whole numbers, None for something over nothing. `ratio` is
    None without a first design to compare with, or where that has nothing of the quantity. `spec` is the
    design with its numbers put in, which has the same costs; empty for a module
    that is no file's. `arguments` are those of a module's constructor that are swept.
    """

    name: str
    sizes: Mapping[str, Size]
    quantities: Mapping[str, Size]
    ratio: Fraction | None = None
    quotients: Mapping[str, Fraction | None] = {}
    spec: str = ""
    arguments: Mapping[str, Any] = {}

    def get(self, column: str) -> Size | Fraction | None:
        """What the row has in that column of the table."""
        if column == RATIO:
            return self.ratio
        return self.quantities[column] if column in self.quantities else self.quotients[column]


@dataclass(frozen=True, repr=False)
class Sweep(TableMethods, RenderMethods):
    """The best designs over a grid of sizes, or those of the Pareto front.

    `designs` are the swept ones, and `reference` is what their ratios are to, by the quantity `ratio_of`.
    `over` has the values of each size as they were given, `over_arguments` those of each argument of a
    constructor, and `points` is the number of all combinations. `impossible` has by reason the designs that
    there can't be; `matching` is the number of those that fulfil `where`. `rows` are sorted by `by`; with
    `pareto` they are the designs that no other one is better than in one of these and as good as in the
    others, and of those that are equal in all, the first. At most `top` rows are kept, of `found`. `columns`
    are the quantities that are shown of each row, and `bounds` has the device of those that are lower bounds.
    """

    designs: tuple[SweptDesign, ...]
    over: Mapping[str, str]
    points: int
    impossible: Mapping[str, int]
    matching: int
    rows: tuple[SweepRow, ...]
    found: int
    by: Objective
    pareto: tuple[Objective, ...] = ()
    top: int = 0
    where: str = ""
    reference: SweptDesign | None = None
    ratio_of: str = "flops"
    sizes: Mapping[str, Size] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    convention: Convention = MATMUL
    dtype: str = "float32"
    columns: tuple[str, ...] = ()
    bounds: Mapping[str, str] = field(default_factory=dict)
    over_arguments: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        """Of what tells most sweeps apart: the rest may be in dicts."""
        return hash((self.designs, tuple(self.over), self.points, self.matching, self.by, self.found))

    def __iter__(self) -> Iterator[SweepRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def number(self) -> int:
        """The designs of the grid, those included that are impossible."""
        return self.points * len(self.designs)

    @property
    def number_impossible(self) -> int:
        """The designs that there can't be."""
        return sum(self.impossible.values())
