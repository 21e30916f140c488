"""Matches: sizes with which a design's cost is nearest to a target. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError, unknown_name
from convcost.core.late_binding import RenderMethods
from convcost.core.metrics import METRICS
from convcost.core.report import Report
from convcost.core.type_checks import check_text
from convcost.core.units import count_error, range_problem

Metric: TypeAlias = str

PerSize: TypeAlias = Size | Mapping[str, Size]
"""A limit for all sizes, or one per size by name."""

UNITS: dict[Metric, str] = {
    metric.name: metric.standalone_label for metric in METRICS if metric.can_be_matched
}
"""The quantities that can be matched, and their units."""

LARGEST = 2**20
"""The default maximum of a size."""

MOST_PAIRS = 2**22
"""The default number of pairs of two sizes that are tried."""

LARGEST_MAXIMUM = 10**18
"""The largest possible maximum: Python cannot take the length of a longer range."""


def metric_named(name: str) -> Metric:
    """`name`, checked to be a metric that can be matched; UsageError if it is not."""
    check_text("metric", name, "flops")
    if name in UNITS:
        return name
    raise unknown_name("no metric to match is called", name, UNITS)


class Range(NamedTuple):
    """The multiples of `multiple_of` from `minimum` to `maximum`, inclusive."""

    multiple_of: Size = 1
    minimum: Size = 1
    maximum: Size = LARGEST

    def sizes(self, name: str) -> range:
        """The sizes in the range; UsageError if it is empty or invalid."""
        if self.multiple_of < 1:
            raise count_error("multiple_of", self.multiple_of, 1)
        if self.minimum < 0:
            raise count_error(f"the minimum of {name}", self.minimum, 0)
        for what, limit in (
            ("maximum", self.maximum),
            ("minimum", self.minimum),
            ("multiple", self.multiple_of),
        ):
            if limit > LARGEST_MAXIMUM:
                hint = f"Give at most {LARGEST_MAXIMUM:.0e}."
                raise UsageError(f"the {what} of {name} is above {LARGEST_MAXIMUM:.0e}", hint=hint)
        first = -(-self.minimum // self.multiple_of) * self.multiple_of
        sizes = range(first, self.maximum + 1, self.multiple_of)
        if not sizes:
            none = f"no multiple of {self.multiple_of:,} is from {self.minimum:,} to {self.maximum:,}"
            problem = range_problem(self.minimum, self.maximum) or none
            raise UsageError(f"{name}: {problem}", hint="Give a wider range.")
        return sizes

    def __str__(self) -> str:
        bounds = f"from {self.minimum:,} to {self.maximum:,}"
        return f"a multiple of {self.multiple_of:,}, {bounds}" if self.multiple_of > 1 else bounds


@dataclass(frozen=True)
class Choice:
    """Sizes, the cost of the design with them, and the signed difference from the target.

    `make_report` returns the report of the design with these sizes.
    """

    sizes: Mapping[str, Size]
    cost: Size
    difference: Size
    make_report: Callable[[], Report] = field(repr=False, compare=False)

    @cached_property
    def report(self) -> Report:
        """The full cost of the design; formulas if the match left sizes open."""
        return self.make_report()


def _no_cost(sizes: Mapping[str, Size]) -> Size:
    raise UsageError("this match has no design, so it has no further costs")


@dataclass(frozen=True, repr=False)
class Match(RenderMethods):
    """The sizes with which a design's cost is nearest to `target`; with `at_most`, not above it.

    With one varied size, `best` has all nearest sizes. With two, `choices` are the pairs within the target
    for which changing only one of the sizes gives no nearer pair, and `best` has the nearest of them, or a
    pair above the target that is nearer. `below` and `above` are the nearest costs on both sides of the
    target. `notes` describe what was left out. `cost_at` returns the cost for given sizes; it raises
    ConvcostError if they are impossible.
    """

    name: str
    spec: str
    metric: Metric
    target: Size
    ranges: Mapping[str, Range]
    at_most: bool = False
    reference: Report | None = None
    sizes: Mapping[str, Size] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()
    convention: Convention = MATMUL
    dtype: str = "float32"
    best: tuple[Choice, ...] = ()
    below: Choice | None = None
    above: Choice | None = None
    choices: tuple[Choice, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    cost_at: Callable[[Mapping[str, Size]], Size] = field(default=_no_cost, repr=False, compare=False)

    def __hash__(self) -> int:
        """A hash of the hashable fields that distinguish most matches."""
        return hash((self.name, self.spec, self.metric, self.target, self.vary, len(self.best)))

    @property
    def searched(self) -> dict[str, range]:
        """The values of each varied size; all were tried."""
        return {name: bounds.sizes(name) for name, bounds in self.ranges.items()}

    @property
    def vary(self) -> tuple[str, ...]:
        """The names of the varied sizes."""
        return tuple(self.ranges)

    @property
    def found(self) -> bool:
        """Whether any size matches."""
        return bool(self.best)
