"""Sweeps: the costs of designs over a grid of sizes. Pure data."""

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
"""The quantities that are integers, and are computed for each design."""

DESIGN, SPEC = "design", "spec"
"""Columns of files and tables: a design's name, and its text with values for sizes."""

SECONDS = "seconds"
"""The roofline lower bound on a device; for several devices, the prefix of their columns."""

RATIO = "ratio"
"""The ratio of a design's quantity to that of the first design at the same sizes."""


class Objective(NamedTuple):
    """A quantity, a size or `ratio` to minimize, or to maximize if `largest`."""

    name: str
    largest: bool = False

    def __str__(self) -> str:
        return f"{self.name}:max" if self.largest else self.name


class SweptDesign(NamedTuple):
    """A design's name and its text."""

    name: str
    spec: str


def plain_argument(value: Any) -> str | int | float | bool | None:
    """An argument for JSON: a class or function by name, other objects by their repr."""
    if value is None or type(value) in (str, int, bool) or (type(value) is float and isfinite(value)):
        return value  # type: ignore[no-any-return]
    return str(getattr(value, "__name__", repr(value)))


class SweepRow(NamedTuple):
    """One design at one point of the grid: its sizes and quantities.

    `quotients` are the quantities that are not integers; None for a division by zero. `ratio` is None without
    a reference design, or if the reference has zero of the quantity. `spec` is the design with values for
    sizes; empty for a module that does not come from a file. `arguments` are swept arguments of a
    constructor.
    """

    name: str
    sizes: Mapping[str, Size]
    quantities: Mapping[str, Size]
    ratio: Fraction | None = None
    quotients: Mapping[str, Fraction | None] = {}
    spec: str = ""
    arguments: Mapping[str, Any] = {}

    def get(self, column: str) -> Size | Fraction | None:
        """The value in a column of the table."""
        if column == RATIO:
            return self.ratio
        return self.quantities[column] if column in self.quantities else self.quotients[column]


@dataclass(frozen=True, repr=False)
class Sweep(TableMethods, RenderMethods):
    """The best designs over a grid of sizes, or those on the Pareto front.

    Attributes:
        designs: The swept designs.
        over: The values of each size, as given.
        points: The number of combinations of values.
        impossible: The number of impossible designs, by reason.
        matching: The number of designs that satisfy `where`.
        rows: The best rows, sorted by `by`, or the Pareto front. Of designs equal in all objectives, the
            first one.
        found: The number of rows before the limit `top`.
        by: The objective that rows are sorted by.
        pareto: The objectives of the Pareto front.
        top: The most rows; 0 for no limit.
        where: The condition on rows.
        reference: The design that ratios refer to.
        ratio_of: The quantity of the ratios.
        sizes: The sizes with one value.
        assumed: The sizes that default to 1.
        convention: The convention of FLOPs.
        dtype: The dtype of the designs.
        columns: The quantities shown for each row.
        bounds: The device of each column that is a roofline lower bound.
        over_arguments: The values of each constructor argument, as given.
        warnings: Likely mistakes in the designs, with the sizes of the first row.
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
    warnings: tuple[str, ...] = ()

    def __hash__(self) -> int:
        """A hash of the hashable fields that distinguish most sweeps."""
        return hash((self.designs, tuple(self.over), self.points, self.matching, self.by, self.found))

    def __iter__(self) -> Iterator[SweepRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def number(self) -> int:
        """The number of designs in the grid, including impossible ones."""
        return self.points * len(self.designs)

    @property
    def number_impossible(self) -> int:
        """The number of impossible designs."""
        return sum(self.impossible.values())
