"""What a test gives beside its design: limits, and how to count. Values of a wrong type are refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from numbers import Rational, Real
from typing import Any

from convcost.core.arguments import text, wrong_type
from convcost.core.errors import UsageError
from convcost.gate.limit import Limit, amount_limit

EXAMPLES = {
    **{"count": "all", "taps": "valid", "tolerance": "2%", "dtype": "int8"},
}
"""Of what is a text, how it may be given."""


def limits(wanted: Mapping[str, Any], names: tuple[str, ...]) -> tuple[Limit, ...]:
    """The limits by key, which are numbers, amounts, or formulas in `names`."""
    return tuple(_limit(key, value, names) for key, value in wanted.items())


def _limit(key: str, value: Any, names: tuple[str, ...]) -> Limit:
    if not isinstance(value, str) and not _is_number(value):
        hint = 'Such as 20_480, "2 MFLOPs" or "20*B*S*E**2".'
        raise wrong_type(key, value, "a number, an amount or a formula", hint)
    is_float = isinstance(value, Real) and not isinstance(value, Rational)
    try:
        return amount_limit(key, float(value) if is_float else value, names)
    except UsageError as error:
        between = "" if error.message.startswith("is ") else ":"
        raise UsageError(f"{key}{between} {error.message}", hint=error.hint) from None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Rational) or (isinstance(value, Real | Decimal) and isfinite(value))


def texts(**given: Any) -> None:
    """Refuse what is given by these names if it is no text."""
    for name, value in given.items():
        text(name, value, EXAMPLES[name])
