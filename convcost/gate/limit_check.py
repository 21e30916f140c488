"""A limit against what was counted, as numbers; where sizes are free it takes a proof."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from convcost.core.cost import Size
from convcost.core.errors import UnboundSizeError
from convcost.gate.check import LimitCheck, made_check, value_of
from convcost.gate.counting import CountedEntry
from convcost.gate.keys import Relation
from convcost.gate.limit import Formula, Limit
from convcost.gate.proof import open_check
from convcost.spec import Spec
from convcost.spec.evaluate import evaluate
from convcost.spec.spec import BATCH_LIKE


def limit_check(limit: Limit, counted: CountedEntry, base: CountedEntry | None) -> LimitCheck:
    """Whether the limit is kept; `base` is what a ratio is to.

    Raises UnboundSizeError where it takes numbers that are not there, SpecError where a formula has none.
    """
    sizes = _sizes(counted, base)
    if _is_open(limit, counted, base, sizes):
        return open_check(limit, counted, base, sizes)
    return _number_check(limit, counted, base, sizes)


def _sizes(counted: CountedEntry, base: CountedEntry | None) -> Mapping[str, Size]:
    """The sizes that have numbers; what both entries have a size for, is the first one's."""
    entry = counted.entry
    others = base.entry.sizes.items() if base else ()
    return {**{name: size for name, size in others if name not in entry.subject.names}, **entry.sizes}


def _is_open(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> bool:
    """Whether the limit is a formula in sizes that are free, or a ratio of such formulas."""
    if isinstance(limit.wanted, Formula) and not sizes.keys() >= {*limit.wanted.names}:
        return True
    values = [value_of(each.report, limit.metric) for each in (counted, base) if each]
    return base is not None and not all(isinstance(value, int) for value in values)


def _number_check(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> LimitCheck:
    wanted: Any = limit.wanted
    if isinstance(wanted, Formula):
        wanted = evaluate(wanted.expression, sizes, wanted.text)
    found = Fraction(_number(counted, limit.metric))
    if base:
        whole = _number(base, limit.metric)
        if not whole:
            return made_check(limit, counted, False, None, wanted, f"{base.entry.name} has none")
        found /= whole
    passed = _is_within(found, limit.relation, Fraction(wanted), counted.entry.tolerance)
    return made_check(limit, counted, passed, _plain(found), wanted)


def _is_within(found: Fraction, relation: Relation, wanted: Fraction, tolerance: Fraction) -> bool:
    match relation:
        case "≤":
            return found <= wanted
        case "≥":
            return found >= wanted
        case "=":
            return abs(found - wanted) <= tolerance * wanted


def _plain(number: Fraction) -> int | Fraction:
    return number.numerator if number.denominator == 1 else number


def _number(counted: CountedEntry, metric: str) -> Size:
    value = value_of(counted.report, metric)
    if not isinstance(value, int):
        free = counted.report.open_names
        taken = BATCH_LIKE if isinstance(counted.entry.subject, Spec) else ()
        names = [name for name in free if name not in taken] or free
        message = f"{', '.join(names)} {'have' if names[1:] else 'has'} no value in {counted.entry.name}"
        raise UnboundSizeError(message, hint="Give it under sizes, or write the limit as a formula.")
    return value
