"""What comes of holding an entry to a limit, or to a counter. Pure data."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from convcost.core.cost import NO_VALID_MACS
from convcost.core.errors import UnboundSizeError
from convcost.core.report import Report
from convcost.gate.counting import CountedEntry
from convcost.gate.keys import Relation
from convcost.gate.limit import Limit


class LimitCheck(NamedTuple):
    """What the key called `key` asked, what was found, and whether that is so; `reason` where it is not.

    `found` and `wanted` are numbers, formulas or their texts; of a counter called `metric`, its verdict.
    """

    key: str
    metric: str
    passed: bool
    found: Any
    relation: Relation | None = None
    wanted: Any = None
    per: str = ""
    reason: str = ""
    tolerance: Fraction = Fraction(0)


def value_of(report: Report, metric: str) -> Any:
    """A number, or a formula of sympy's; UnboundSizeError where there is none of bearable length."""
    value = getattr(report, metric)
    if value is None:
        raise UnboundSizeError(NO_VALID_MACS, hint="Give a number for each kernel, stride or dilation.")
    if isinstance(value, int) or not hasattr(value, "free_symbols"):
        return value
    from convcost.symbolic.canonicalize import plain

    return plain(value)


def made_check(
    limit: Limit, counted: CountedEntry, passed: bool, found: Any, wanted: Any, reason: str = ""
) -> LimitCheck:
    """The check of a limit."""
    tolerance = counted.entry.tolerance
    return LimitCheck(
        limit.key, limit.metric, passed, found, limit.relation, wanted, limit.per, reason, tolerance
    )
