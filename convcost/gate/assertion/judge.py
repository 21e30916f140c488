"""Whether a cost is what a test asserts of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from convcost.core.arguments import is_module
from convcost.core.cost import Size, convention
from convcost.core.errors import UnboundSizeError, UsageError, did_you_mean
from convcost.core.report import Report
from convcost.gate.assertion import given
from convcost.gate.assertion.subject import How, counted
from convcost.gate.changes import Changes, changes
from convcost.gate.check import LimitCheck
from convcost.gate.counting import CountedEntry
from convcost.gate.evaluation import incomplete
from convcost.gate.keys import LIMITS
from convcost.gate.limit import Formula, Limit, parse_tolerance
from convcost.gate.limit_check import limit_check
from convcost.gate.rows import ROW_METRICS, baseline_of
from convcost.spec.spec import whole


@dataclass(frozen=True)
class AssertionOptions:
    """What a test asks: limits by key, a design to cost as much as, and how to count."""

    limits: Mapping[str, Any]
    like: Any = None
    count: str = "matmul"
    taps: str = "full"
    tolerance: str = ""
    dtype: str = "float32"

    @property
    def how(self) -> How:
        """How to count; UsageError where that is no way to."""
        given.texts(count=self.count, taps=self.taps, tolerance=self.tolerance, dtype=self.dtype)
        tolerance = parse_tolerance(self.tolerance) if self.tolerance else Fraction(0)
        return How(convention(self.count, self.taps), self.dtype, tolerance)


class Asserted(NamedTuple):
    """What was counted and the checks of it; of what it is to be like, the name and what differs."""

    counted: CountedEntry
    checks: tuple[LimitCheck, ...]
    limits: tuple[Limit, ...]
    like: str = ""
    changes: Changes | None = None

    @property
    def failed(self) -> tuple[LimitCheck, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def report(self) -> Report:
        """As it was counted; with every size open where a limit is a formula in it."""
        is_open = any(not isinstance(check.found, int | Fraction) for check in self.failed if check.relation)
        return self.counted.open_report if is_open else self.counted.report

    @property
    def holds(self) -> bool:
        """Whether everything is as it was asserted."""
        return not self.changes and not self.failed


def asserted(
    design: Any, inputs: tuple[Any, ...], sizes: Mapping[str, Size], asked: AssertionOptions
) -> Asserted:
    """The checks of `design` on `inputs`; raises ConvcostError where it can't be counted or checked."""
    sizes = {name: whole(name, size) for name, size in sizes.items()}
    found = counted(design, inputs, sizes, asked.how)
    names = tuple(dict.fromkeys((*found.entry.subject.names, *found.entry.sizes, *sizes)))
    limits = given.limits(asked.limits, names)
    other = None if asked.like is None else counted(asked.like, _inputs(asked.like, inputs), sizes, asked.how)
    _check_names(sizes, [each for each in (found, other) if each], limits)
    if not limits and not other:
        hint = 'Give a limit, such as flops="20*B*S*E**2" or max_params=10_000.'
        raise UsageError("nothing is asserted", hint=hint)
    checks = (*incomplete(found.report), *(_check(limit, found) for limit in limits))
    differs = _differences(other, found) if other else None
    return Asserted(found, checks, limits, other.report.name if other else "", differs)


def _check(limit: Limit, found: CountedEntry) -> LimitCheck:
    try:
        return limit_check(limit, found, None)
    except UnboundSizeError as error:
        hint = "Give numbers, such as E=128, or write the limit as a formula."
        raise UnboundSizeError(error.message, hint=hint) from None


def _inputs(design: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A module that is compared with has the same inputs; nothing else has any."""
    return inputs if is_module(design) else ()


def _check_names(sizes: Mapping[str, Size], designs: Iterable[CountedEntry], limits: Iterable[Limit]) -> None:
    """Refuse a size that nothing has."""
    used = {name for each in designs for name in (*each.entry.subject.names, *each.report.sizes)}
    used |= {name for limit in limits if isinstance(limit.wanted, Formula) for name in limit.wanted.names}
    for name in sizes:
        if name not in used:
            near = did_you_mean(name, (*used, *LIMITS))
            raise UsageError(f"no size and no limit is called {name[:64]}{near}")


def _differences(like: CountedEntry, found: CountedEntry) -> Changes | None:
    """What is not as in the other design, of all that layers have figures of."""
    changed = changes(baseline_of(like), baseline_of(found))
    totals = {metric: pair for metric, pair in changed.totals.items() if metric in ROW_METRICS}
    within = changed._replace(totals=totals).within(found.entry.tolerance)
    return None if within else changed._replace(totals=totals)
