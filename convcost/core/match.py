"""Sizes that bring a design's cost near to a target: what a match is. Pure data."""

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

Metric: TypeAlias = str

PerSize: TypeAlias = Size | Mapping[str, Size]
"""A limit for all sizes, or for each by name."""

UNITS: dict[Metric, str] = {metric.name: metric.label for metric in METRICS if metric.can_be_matched}
"""The quantities that can be matched, and what each is counted in."""

LARGEST = 2**20
"""The largest size that is tried unless another maximum is asked for."""

MOST_PAIRS = 2**22
"""Pairs of two sizes that are tried unless other ranges are asked for."""

LARGEST_MAXIMUM = 10**18
"""The largest maximum: a range of more sizes has no length in Python."""


def metric_named(name: str) -> Metric:
    """The metric called `name`; UsageError if there is none."""
    check_text("metric", name, "flops")
    if name in UNITS:
        return name
    raise unknown_name("no metric to match is called", name, UNITS)


class Range(NamedTuple):
    """The multiples of `multiple_of` from `minimum` to `maximum`."""

    multiple_of: Size = 1
    minimum: Size = 1
    maximum: Size = LARGEST

    def sizes(self, name: str) -> range:
        """The sizes there are; UsageError if there is none."""
        if self.multiple_of < 1:
            raise UsageError(f"{name} can't be a multiple of {self.multiple_of}", hint="Give 1 or more.")
        if self.minimum < 0:
            raise UsageError(f"the minimum for {name} is {self.minimum}", hint="Give 0 or more.")
        for what, limit in (
            ("maximum", self.maximum),
            ("minimum", self.minimum),
            ("multiple", self.multiple_of),
        ):
            if limit > LARGEST_MAXIMUM:
                hint = f"Give {LARGEST_MAXIMUM:.0e} at most."
                raise UsageError(f"the {what} for {name} is beyond {LARGEST_MAXIMUM:.0e}", hint=hint)
        first = -(-self.minimum // self.multiple_of) * self.multiple_of
        found = range(first, self.maximum + 1, self.multiple_of)
        if not found:
            raise UsageError(f"the range of {name} is empty: {self}", hint="Give a wider range.")
        return found

    def __str__(self) -> str:
        bounds = f"from {self.minimum:,} to {self.maximum:,}"
        return f"a multiple of {self.multiple_of:,}, {bounds}" if self.multiple_of > 1 else bounds


@dataclass(frozen=True)
class Choice:
    """Sizes, what the design costs with them, and by how much that is over the target, with its sign.

    `reported` makes the design's report with these sizes.
    """

    sizes: Mapping[str, Size]
    cost: Size
    difference: Size
    reported: Callable[[], Report] = field(repr=False, compare=False)

    @cached_property
    def report(self) -> Report:
        """What the design costs in full; formulas where the match left sizes open."""
        return self.reported()


def _no_cost(sizes: Mapping[str, Size]) -> Size:
    raise UsageError("this match was made without its design, so it has no further costs")


@dataclass(frozen=True, repr=False)
class Match(RenderMethods):
    """The sizes in a design that bring its cost nearest to `target`, or `at_most` to it.

    With one size varied, `best` has all that are nearest. With two, `choices` are the pairs within the
    target that no other pair within it with one of the same two sizes comes nearer than, and `best` has
    the nearest of them, or a pair above the target that is nearer still. `below` and `above` have the
    costs next to the target on its two sides. `notes` say what was left out. `cost_at` is the cost at any
    varied sizes; it raises ConvcostError where they are not possible.
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
        """Of what tells most matches apart: the rest may be in dicts."""
        return hash((self.name, self.spec, self.metric, self.target, self.vary, len(self.best)))

    @property
    def searched(self) -> dict[str, range]:
        """The values of each size, all of which were tried."""
        return {name: bounds.sizes(name) for name, bounds in self.ranges.items()}

    @property
    def vary(self) -> tuple[str, ...]:
        """The sizes that were varied."""
        return tuple(self.ranges)

    @property
    def found(self) -> bool:
        """Whether any size fits."""
        return bool(self.best)
