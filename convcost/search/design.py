"""A design whose sizes have numbers but for those that are varied, and what it costs as they run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from convcost.core.cost import Convention, Size
from convcost.core.match import Choice, Metric
from convcost.core.report import Report


class CountedQuantity(NamedTuple):
    """What is matched, and how it is counted."""

    metric: Metric
    convention: Convention
    dtype: str


@dataclass(frozen=True)
class Design(ABC):
    """A design with `sizes` for its names, and how its cost is counted.

    The other names are varied, `assumed` to be 1, or `left_open` because the cost does not depend on them.
    """

    counted: CountedQuantity
    sizes: Mapping[str, Size]
    assumed: tuple[str, ...] = ()
    left_open: tuple[str, ...] = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What states it."""

    @property
    @abstractmethod
    def weight(self) -> int:
        """How many single layers its cost takes as long as to work out."""

    @abstractmethod
    def needed(self, varied: tuple[str, ...]) -> frozenset[str]:
        """The names that its cost depends on; all that are left open where that can't be told."""

    @abstractmethod
    def cost(self, varied: Mapping[str, Size]) -> Size:
        """Its cost; each varied size is an int or stands for many.

        Raises ConvcostError where it is not possible.
        """

    @abstractmethod
    def report(self, varied: Mapping[str, Size]) -> Report:
        """What it costs with numbers for the varied sizes; formulas where sizes are left open."""

    @property
    def bound(self) -> dict[str, Size]:
        """The sizes that have a number."""
        return {**self.sizes, **dict.fromkeys(self.assumed, 1)}

    @property
    def known(self) -> dict[str, Size]:
        """All sizes that have a number, those included that it was counted with before."""
        return self.bound

    def choice(self, varied: Mapping[str, Size], target: Size) -> Choice:
        """The choice of these sizes."""
        cost = self.cost(varied)
        return Choice(dict(varied), cost, cost - target, partial(self.report, dict(varied)))
