"""Parses limits: a number with a unit, a factor, or a formula in the entry's sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, cast

from convcost.core.errors import SpecError, UsageError, did_you_mean
from convcost.core.metrics import METRICS, OF_SOME_MODULES
from convcost.core.units import parse_amount
from convcost.spec.argument_grammar import parse_size
from convcost.spec.syntax import Expression, names

Relation = Literal["≤", "≥", "="]

LARGEST_AMOUNT = 10**40

PREFIXES: dict[Relation, str] = {"≤": "max_", "≥": "min_", "=": ""}
"""The prefix of a limit's key."""

LIMITED_METRICS = {
    **{metric.name: metric.description for metric in METRICS if metric.units},
    **{metric.name: metric.standalone_label for metric in OF_SOME_MODULES if metric.units},
}
"""The metrics that can be limited: those with a unit."""


class LimitKey(NamedTuple):
    """The relation and the metric of a limit's key; for a ratio, `metric` is another key of the entry."""

    relation: Relation
    metric: str = ""


LIMITS = {
    f"{prefix}{metric}": LimitKey(relation, metric)
    for metric in LIMITED_METRICS
    for relation, prefix in PREFIXES.items()
}
RATIOS = {f"{prefix}ratio": LimitKey(relation) for relation, prefix in PREFIXES.items()}

FACTOR = re.compile(r"\s*([0-9]{1,40}(?:\.[0-9]{1,20})?|[0-9]{1,40}\s*/\s*0*[1-9][0-9]{0,39})\s*")
"""A factor as a number: 6, 0.6, 3/5."""

PERCENT = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,12})?)\s*%\s*")

NUMBER_AND_LETTER = re.compile(r"\s*([0-9][0-9_,]*)\s*([A-Za-z])\s*")
"""A text that may be an amount with a prefix or a product: 10E."""


class SizeFormula(NamedTuple):
    """A formula in sizes, and its text."""

    expression: Expression
    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes in it."""
        return tuple(dict.fromkeys(name.name for name in names(self.expression)))


LimitValue = int | Fraction | SizeFormula


class Limit(NamedTuple):
    """A limit, given by `key`: `metric` must be in `relation` to `wanted`.

    For a ratio, `wanted` is a factor of the metric of the entry `ratio_to`.
    """

    key: str
    relation: Relation
    metric: str
    wanted: LimitValue
    ratio_to: str = ""


def amount_limit(key: str, value: object, sizes: Iterable[str]) -> Limit:
    """The limit that `max_flops = "2 GFLOPs"` states; raises ConvcostError for an invalid value."""
    limit = LIMITS[key]
    return Limit(key, limit.relation, limit.metric, _amount(value, limit.metric, tuple(sizes)))


def ratio_limit(key: str, value: object, metric: str, ratio_to: str, sizes: Iterable[str]) -> Limit:
    """The limit that `max_ratio = 6` states."""
    return Limit(key, RATIOS[key].relation, metric, _factor(value, tuple(sizes)), ratio_to)


def _amount(value: object, metric: str, sizes: tuple[str, ...]) -> LimitValue:
    if not isinstance(value, str):
        number = _exact_fraction(value)
        if number.denominator != 1:
            raise UsageError(f"is {value}; it must be a whole number")
        return int(number)
    if "*" in value:
        return _formula(value, sizes)
    _check_unambiguous(value, sizes)
    try:
        return parse_amount(value, metric)
    except UsageError as error:
        if not any(sign in value for sign in "*/+-^·×()") and value.strip() not in sizes:
            raise UsageError(
                error.message, hint=f"{error.hint.removesuffix('.')}, or as a formula: 20*B*S*E**2."
            ) from None
    return _formula(value, sizes)


def _check_unambiguous(text: str, sizes: tuple[str, ...]) -> None:
    found = NUMBER_AND_LETTER.fullmatch(text)
    if found and found[2] in sizes:
        hint = f"Write {found[1]}*{found[2]}, or the number with all its digits."
        raise UsageError(f"{text.strip()} could be an amount or a product with {found[2]}", hint=hint)


def _factor(value: object, sizes: tuple[str, ...]) -> LimitValue:
    if not isinstance(value, str):
        return _exact_fraction(value)
    if FACTOR.fullmatch(value):
        return Fraction(re.sub(r"\s", "", value))
    return _formula(value, sizes)


def _exact_fraction(number: object) -> Fraction:
    """The number as it is written: 0.1 is a tenth, though the float is not."""
    return Fraction(repr(number) if isinstance(number, float) else cast("int | Decimal", number))


def _formula(text: str, sizes: tuple[str, ...]) -> SizeFormula:
    expression = parse_size(text)
    for name in names(expression):
        if name.name not in sizes:
            hint = f"The sizes here are {', '.join(sizes)}." if sizes else "No size is named here."
            message = f"no size is called {name.name}{did_you_mean(name.name, sizes)}"
            raise SpecError(message, text=text, span=name.span, hint=hint)
    return SizeFormula(expression, text)


def parse_tolerance(text: str) -> Fraction:
    """`1%` as the fraction 1/100."""
    found = PERCENT.fullmatch(text)
    if not found:
        raise UsageError(f"{text[:40]!a} is not a percentage", hint='Write it as "1%".')
    return Fraction(found[1]) / 100
