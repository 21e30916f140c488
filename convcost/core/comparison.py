"""Comparisons of reports: ratios, break-even points, and the cheapest candidate. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from convcost.core.breakeven import BreakEven, EqualInputs, LowerEnvelope
from convcost.core.cost import ratio_of
from convcost.core.errors import UsageError, unknown_name
from convcost.core.late_binding import RenderMethods, hook
from convcost.core.metrics import BY_NAME, NAMES, OF_SOME_MODULES, TRAINING_FLOPS, WITH_BREAK_EVEN
from convcost.core.report import Report
from convcost.core.type_checks import check_text, check_type

BACKWARD_HINT = "Use compare(..., backward=True) or --backward."


def quotient_name(other: str, first: str) -> str:
    """`conv ÷ dense`, of two names; one that is a chain in brackets: `(Linear -> ReLU) ÷ dense`."""
    return " ÷ ".join(f"({name})" if " -> " in name else name for name in (other, first))


@dataclass(frozen=True, repr=False)
class Comparison(RenderMethods):
    """Two or more candidates. Ratios are relative to the first one; `notes` are remarks on the candidates."""

    candidates: tuple[Report, ...]
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> Report:
        """The candidate that others are compared with."""
        return self.candidates[0]

    @property
    def is_open(self) -> bool:
        """Whether a candidate has open sizes, so that costs are formulas."""
        return any(report.open_names for report in self.candidates)

    @property
    def has_backward(self) -> bool:
        """Whether the backward pass of every candidate is counted."""
        return all(report.training_flops is not None for report in self.candidates)

    def ratio(self, metric: str, candidate: Report) -> Fraction | None:
        """The quantity `metric` of `candidate` divided by that of the first candidate.

        None if the first one is zero, or one of them has no formula.
        """
        self._check(metric, candidate)
        return ratio_of(getattr(candidate, metric), getattr(self.first, metric))

    def ratios(self, candidate: Report) -> dict[str, Fraction | None]:
        """The ratios of `candidate` to the first one, for all quantities that both have."""
        names = [*NAMES, *([TRAINING_FLOPS.name] if self.has_backward else [])]
        both = (self.first, candidate)
        names += [
            metric.name
            for metric in OF_SOME_MODULES
            if all(report.has_detail(metric.name) for report in both)
        ]
        return {metric: self.ratio(metric, candidate) for metric in names}

    def break_even(self, metric: str, candidate: Report) -> BreakEven:
        """Where `candidate` becomes cheaper or more expensive than the first one, as open sizes grow."""
        self._check(metric, candidate)
        return cast("BreakEven", hook("break_even")(self, metric, candidate))

    def break_evens(self, candidate: Report) -> dict[str, BreakEven]:
        """The break-even points for all quantities that have them, FLOPs first."""
        return {metric: self.break_even(metric, candidate) for metric in self._with_break_even}

    def cheapest(self, metric: str) -> LowerEnvelope:
        """The candidates with the least of a quantity, for each range of an open size."""
        self._check_metric(metric)
        return cast("LowerEnvelope", hook("cheapest")(self, metric))

    def cheapest_by_metric(self) -> dict[str, LowerEnvelope]:
        """The cheapest candidates for all quantities that have break-even points, FLOPs first."""
        return {metric: self.cheapest(metric) for metric in self._with_break_even}

    def equal_inputs(self, candidate: Report) -> EqualInputs | None:
        """The size at which the inputs of `candidate` and the first one have equally many elements.

        None unless that depends on a single open size.
        """
        return cast("EqualInputs | None", hook("equal_inputs")(self, candidate))

    @property
    def _with_break_even(self) -> tuple[str, ...]:
        """The quantities with break-even points, FLOPs first."""
        flops, *others = WITH_BREAK_EVEN
        return (flops, TRAINING_FLOPS.name, *others) if self.has_backward else WITH_BREAK_EVEN

    def _check_metric(self, metric: str) -> None:
        if check_text("metric", metric, "flops") not in BY_NAME:
            raise unknown_name("no quantity is called", metric, NAMES)
        if metric == TRAINING_FLOPS.name and not self.has_backward:
            raise UsageError("the backward pass was not counted", hint=BACKWARD_HINT)

    def _check(self, metric: str, candidate: Report) -> None:
        self._check_metric(metric)
        check_type("the candidate", candidate, Report, "a report", "Pass one of the comparison's candidates.")
