"""Numbers for open sizes: whole, 1 or more, and as the formulas take for granted."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from convcost.core.arguments import check_digits, described
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.report import Assumption, Report
from convcost.symbolic.exact import quotient


def open_sizes(report: Report, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for open sizes of `report`, each an int or an array of Python ints.

    UsageError for a size that isn't open, and for what is no whole number or less than 1.
    """
    check_open(report, given)
    return {name: _sizes(name, value) for name, value in given.items()}


def check_open(report: Report, names: Iterable[str]) -> None:
    """UsageError for a name that none of the report's open sizes has."""
    for name in names:
        if name not in report.open_names:
            raise UsageError(f"no size called {name[:40]} is open{did_you_mean(name, report.open_names)}")


def _sizes(name: str, value: Any) -> Any:
    """`value` as an int; an array widened, since 64 bits overflow without a word."""
    if hasattr(type(value), "astype") and value.ndim:
        widened = value.astype(object)
        widened.flat = [_size(name, each) for each in widened.flat]
        return widened
    return _size(name, value)


def _size(name: str, value: Any) -> int:
    try:
        size = 0 if isinstance(value, bool) else operator.index(value)
    except Exception:  # whatever another's number raises
        size = 0
    check_digits(name, size)
    if size < 1:
        shown = str(value)[:40] if isinstance(value, int | Fraction) else described(value)
        raise UsageError(f"{name} is {shown}; a size is a whole number, 1 or more")
    return size


def fulfills(report: Report, sizes: Mapping[str, Any]) -> bool:
    """Whether `sizes`, of which there is one for each open size, break no assumption of the report."""
    return not any(_breaking(assumption, sizes) for assumption in report.assumptions)


def check_assumptions(report: Report, sizes: Mapping[str, Any]) -> None:
    """UsageError for the first assumption that `sizes` decide and break."""
    for assumption in report.assumptions:
        check_assumption(assumption, sizes)


def check_assumption(assumption: Assumption, sizes: Mapping[str, Any]) -> None:
    """UsageError for the first of `sizes` that break the assumption, if they decide it."""
    if is_decided(assumption, sizes) and (breaking := _breaking(assumption, sizes)):
        raise broken(assumption, breaking)


def is_decided(assumption: Assumption, sizes: Mapping[str, Any]) -> bool:
    """Whether there is one of `sizes` for each name in the assumption."""
    return sizes.keys() >= {*_names(assumption)}


def broken(assumption: Assumption, sizes: Mapping[str, int]) -> UsageError:
    """The error that `sizes` break `assumption`."""
    put = [f"{name} = {sizes[name]}" for name in _names(assumption) if name in sizes]
    verb = "break" if len(put) > 1 else "breaks"
    return UsageError(f"{', '.join(put)} {verb} an assumption: {assumption.text}")


def _names(assumption: Assumption) -> list[str]:
    return sorted(size.name for size in assumption.formula.free_symbols)


def _breaking(assumption: Assumption, sizes: Mapping[str, Any]) -> Mapping[str, int]:
    """The first of `sizes` at which it isn't so; nothing if it is."""
    fulfilled = is_fulfilled(assumption, sizes)
    if not getattr(fulfilled, "ndim", 0):
        return {} if fulfilled else sizes
    from numpy import argmin, broadcast_to

    if fulfilled.all():
        return {}
    place = argmin(fulfilled.astype(bool))
    return {name: broadcast_to(sizes[name], fulfilled.shape).flat[place] for name in _names(assumption)}


def is_fulfilled(assumption: Assumption, sizes: Mapping[str, Any]) -> Any:
    """Whether it is so at `sizes`, which decide it; an array or a column of that for arrays or columns."""
    numerator, denominator = quotient(assumption.formula, sizes)
    match assumption.relation:
        case "nonnegative":
            return numerator * denominator >= 0
        case "zero":
            return numerator == 0
        case "whole":
            is_zero = denominator == 0
            return (numerator % (denominator + is_zero) == 0) & (is_zero == 0)
