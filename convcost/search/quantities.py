"""The quantities of a sweep: integers, and quotients of two integers. Both are exact.

Engines compute only columns of integers, by the names of `CountedQuantities.metrics`. A quotient names two of
them; comparisons multiply numerators and denominators.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from convcost.analysis.lower_bound import LowerBound
from convcost.core.errors import UsageError
from convcost.core.metrics import METRICS
from convcost.core.sweep import QUANTITIES, RATIO, SECONDS


class QuantityQuotient(NamedTuple):
    """A column of integers divided by another one, by the reference's, or by a number.

    It has no value where the denominator is 0.
    """

    numerator: str
    denominator: str | int
    of_reference: bool = False

    def operands(self, own: Mapping[str, Any], reference: Any) -> tuple[Any, Any]:
        """The numerator and denominator, from the design's `own` columns and the reference's column."""
        if self.of_reference:
            return own[self.numerator], reference
        below = self.denominator
        return own[self.numerator], below if isinstance(below, int) else own[below]


@dataclass(frozen=True)
class QuantityTable:
    """All quantities of a sweep: integers and, by name, `quotients`.

    `bounds` are lower bounds on devices, by their columns of integers. With a reference, the ratio is that of
    the quantity `ratio_of`, in the column `ratio_column`.
    """

    quotients: Mapping[str, QuantityQuotient]
    bounds: Mapping[str, LowerBound]
    ratio_of: str
    ratio_column: str

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics in the order of their table, then lower bounds and the ratio."""
        metrics = (metric.name for metric in METRICS if metric.units or metric.quotient_of)
        return tuple(dict.fromkeys((*metrics, *self.quotients)))

    @property
    def times(self) -> tuple[str, ...]:
        """The quantities in seconds."""
        return tuple(self.device_names)

    @property
    def device_names(self) -> dict[str, str]:
        """The device of each lower bound."""
        times = _times(self.quotients, self.bounds)
        return {name: self.bounds[self.quotients[name].numerator].device.name for name in times}

    def integer_columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns of integers that the quantities `names` and the ratio need."""
        found = {self.ratio_column} if RATIO in self.quotients else set()
        for name in names:
            quotient = self.quotients.get(name)
            found |= {*map(str, quotient[:2])} if quotient else {name}
        return tuple(name for name in (*QUANTITIES, *self.bounds) if name in found)


def quantity_table(bounds: Sequence[LowerBound] = (), sorted_by: str = "") -> QuantityTable:
    """The metrics, and a lower bound on each device: `seconds`, or for several devices `seconds_NAME`.

    `sorted_by` is not empty if there is a reference: the ratio is of that quantity, or of FLOPs.
    """
    quotients = {}
    for metric in METRICS:
        if metric.quotient_of:
            above, below = metric.quotient_of
            quotients[metric.name] = QuantityQuotient(above, below)
    ticks = {}
    for bound in bounds:
        name = f"{SECONDS}_{_identifier(bound.device.name)}" if bounds[1:] else SECONDS
        if name in quotients:
            raise UsageError(f"the device {bound.device.name} is given twice", hint="Name it once.")
        quotients[name] = QuantityQuotient(f"{name} in ticks", bound.ticks_per_second)
        ticks[f"{name} in ticks"] = bound
    ratio_of = sorted_by if sorted_by in (*QUANTITIES, *_times(quotients, ticks)) else "flops"
    column = quotients[ratio_of].numerator if ratio_of in quotients else ratio_of
    if sorted_by:
        quotients[RATIO] = QuantityQuotient(column, column, of_reference=True)
    return QuantityTable(quotients, ticks, ratio_of, column)


def _times(quotients: Mapping[str, QuantityQuotient], bounds: Collection[str]) -> list[str]:
    return [name for name, each in quotients.items() if each.numerator in bounds and not each.of_reference]


def _identifier(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)


def exact_quotient(numerator: int, denominator: int) -> Fraction | None:
    """numerator / denominator; None for a denominator of 0."""
    return Fraction(numerator, denominator) if denominator else None
