"""What counters say of a model, and why it is not what convcost says. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.report import CounterResult, Report

Kind = Literal[
    "bias adds",
    "elementwise",
    "sums",
    "again",
    "free",
    "formula",
    "attention",
    "function",
    "rule",
    "unseen",
    "repeated",
    "names",
    "output positions",
    "groups",
    "groups twice",
    "first dimension",
    "one contraction",
    "vector",
    "broadcast",
    "rounded",
    "order",
    "same padding",
    "projection",
    "unbatched",
    "width",
    "complex",
    "unexplained",
]
"""Why a counter's figure is not 2 × MACs."""

MISSED: tuple[Kind, ...] = ("formula", "attention", "function", "rule")
"""Work that a counter is known not to see."""

EXTRAS: tuple[Kind, ...] = ("bias adds", "elementwise", "free")
"""What a counter may have beside products, by its own rule for the elements; it agrees all the same."""


class Cause(NamedTuple):
    """What `kind` adds to a counter's figure, in FLOPs, for one operator or kind of module, `subject`.

    `paths` are the submodules that it is about, `calls` how many calls.
    """

    kind: Kind
    subject: str
    flops: int
    calls: int
    paths: tuple[str, ...]


class Opinion(NamedTuple):
    """A counter's figure for a model, the causes of its difference, and what else there is to say of it."""

    title: str
    result: CounterResult
    causes: tuple[Cause, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def macs(self) -> Fraction | None:
        """Its figure as MACs; a counter of FLOPs may come to half a MAC."""
        return None if self.result.flops is None else Fraction(self.result.flops, FLOPS_PER_MAC)

    @property
    def unexplained(self) -> int:
        """The FLOPs that no cause accounts for."""
        return sum(cause.flops for cause in self.causes if cause.kind == "unexplained")


@dataclass(frozen=True)
class Refereed:
    """A model's report, and every counter's opinion of it by the counter's name."""

    report: Report
    opinions: Mapping[str, Opinion]

    @property
    def macs(self) -> int:
        """The exact count of a forward."""
        return self.report.trace.total("forward").macs if self.report.trace else self.report.macs

    @property
    def differing(self) -> tuple[str, ...]:
        """The counters that do not agree, for another reason than that they do not see some work."""
        found = self.opinions.values()
        return tuple(opinion.title for opinion in found if opinion.result.verdict == "differs")

    def difference(self, opinion: Opinion) -> Fraction | None:
        """What the counter counts more than the exact count, in MACs."""
        return None if opinion.macs is None else opinion.macs - self.macs
