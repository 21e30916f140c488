"""What a sweep has of each design: integers, and quotients of two of them. Both are exact.

An engine computes columns of integers alone, by the names of `CountedQuantities.metrics`. A quotient names
two of them: whoever compares or sorts does so by the products of numerators and denominators.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from convcost.analysis.lower_bound import LowerBound
from convcost.core.metrics import METRICS
from convcost.core.sweep import QUANTITIES, RATIO, SECONDS


class Quotient(NamedTuple):
    """A column of integers over another, over that of the reference, or over a number.

    Where the denominator is 0, there is no number.
    """

    numerator: str
    denominator: str | int
    of_reference: bool = False

    def operands(self, own: Mapping[str, Any], reference: Any) -> tuple[Any, Any]:
        """Numerator and denominator among the design's `own` columns; `reference` is that of `ratio_of`."""
        if self.of_reference:
            return own[self.numerator], reference
        below = self.denominator
        return own[self.numerator], below if isinstance(below, int) else own[below]


@dataclass(frozen=True)
class QuantityTable:
    """All quantities that a sweep can have: integers and, by name, `quotients`.

    `bounds` are the lower bounds on devices, by the name of the column of integers that each is computed in.
    """

    quotients: Mapping[str, Quotient]
    bounds: Mapping[str, LowerBound]

    @property
    def names(self) -> tuple[str, ...]:
        """In the order of the table of metrics; behind those the bounds, and the ratio."""
        metrics = [metric.name for metric in METRICS if metric.name in {*QUANTITIES, *self.quotients}]
        return tuple(dict.fromkeys((*metrics, *self.quotients)))

    def integers(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns of integers that the quantities called `names` need, each once."""
        found: dict[str, None] = {}
        for name in names:
            quotient = self.quotients.get(name)
            needed = (quotient.numerator, quotient.denominator) if quotient else (name,)
            found |= dict.fromkeys(each for each in needed if each in QUANTITIES or each in self.bounds)
        return tuple(found)

    def with_ratio(self, name: str) -> QuantityTable:
        """With the ratio of the quantity called `name`, if that has one, or else of FLOPs."""
        column = self.ratio_column(name)
        return QuantityTable({**self.quotients, RATIO: Quotient(column, column, True)}, self.bounds)

    def ratio_of(self, name: str) -> str:
        """The quantity whose ratio is taken where designs are sorted by `name`."""
        return name if name in QUANTITIES or name.startswith(SECONDS) and name in self.quotients else "flops"

    def ratio_column(self, name: str) -> str:
        """The column of integers whose ratio that is: of two bounds the denominators are equal."""
        quotient = self.quotients.get(self.ratio_of(name))
        return quotient.numerator if quotient else self.ratio_of(name)


def quantity_table(bounds: Iterable[LowerBound] = ()) -> QuantityTable:
    """The table of metrics, with a lower bound in `seconds` on each device; several have its name."""
    listed = tuple(bounds)
    names = [SECONDS if len(listed) == 1 else f"{SECONDS}_{_identifier(each.device.name)}" for each in listed]
    quotients = {metric.name: Quotient(*metric.quotient_of) for metric in METRICS if metric.quotient_of}
    ticks = {f"{name} in ticks": bound for name, bound in zip(names, listed, strict=True)}
    for name, (column, bound) in zip(names, ticks.items(), strict=True):
        quotients[name] = Quotient(column, bound.ticks_per_second)
    return QuantityTable(quotients, ticks)


def _identifier(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)


def exact_quotient(numerator: int, denominator: int) -> Fraction | None:
    """numerator / denominator; None where that is 0."""
    return Fraction(numerator, denominator) if denominator else None
