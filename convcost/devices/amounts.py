"""Parses figures such as "312 TFLOP/s", "2.039 TB/s" and "80 GB", or arithmetic that gives them."""

from __future__ import annotations

import re
from math import prod
from typing import NamedTuple

from convcost.core.errors import UsageError
from convcost.core.units import parse_amount

FACTOR = re.compile(r"([0-9][0-9.,_]{0,39}(?:e\+?[0-9]{1,2})?) ?([A-Za-z][A-Za-z/ -]{0,40})?", re.IGNORECASE)
UNIT = re.compile(r"([KMGTPE]i?)?(?:(FLOP|OP)s?|(B|Hz|T|))(/s)?")

TICKS = ("Hz", "T")
"""Units of events: cycles and transfers. They are rates only per second."""

LONGEST = 200

LARGEST = 10**24
"""Larger figures are mistakes, and not representable in JSON."""


class Measure(NamedTuple):
    """A kind of figure, with an example, and an example of arithmetic (`derived`)."""

    name: str
    things: tuple[str, ...]
    example: str
    derived: str
    per_second: bool = True


PEAK = Measure("peak", ("FLOP", "OP"), "312 TFLOP/s", "40 cores x 2.3 GHz x 64 FLOP")
BANDWIDTH = Measure("bandwidth", ("B",), "2.039 TB/s", "8 channels x 8 B x 3.2 GT/s")
MEMORY = Measure("memory size", ("B",), "80 GB", "5 stacks x 16 GB", per_second=False)


class Amount(NamedTuple):
    """A figure, and the arithmetic that gives it, if any."""

    value: int
    derivation: str = ""


class _Factor(NamedTuple):
    value: int
    thing: str = ""
    is_rate: bool = False


def parse_figure(written: object, measure: Measure) -> Amount:
    """sum: product ("+" product)*; product: factor (("x" | "×" | "*") factor)*

    The result is exact. A number without a unit is in FLOP/s, bytes/s or bytes. UsageError for wrong units.
    """
    if isinstance(written, int | float):
        return Amount(
            _check_range(_parse_integer(str(written), str(written), measure), str(written), measure)
        )
    text = str(written)
    products = [re.split(r" ?[×*] ?| x ", part.strip()) for part in text[:LONGEST].split(" + ")]
    factors = [[_factor(factor, text, measure) for factor in product] for product in products]
    if len(text) > LONGEST or not all(_fits(product, measure) for product in factors):
        raise _amount_error(text, measure)
    value = sum(prod(factor.value for factor in product) for product in factors)
    is_arithmetic = len(products) > 1 or len(products[0]) > 1
    return Amount(_check_range(value, text, measure), text if is_arithmetic else "")


def _factor(text: str, whole: str, measure: Measure) -> _Factor:
    """factor: number [prefix unit | noun]; nouns such as cores are ignored."""
    match = FACTOR.fullmatch(text.strip())
    if not match:
        raise _amount_error(whole, measure)
    number, word = match[1], (match[2] or "").strip()
    unit = UNIT.fullmatch(word)
    if not word or not unit:
        return _Factor(_parse_integer(number, whole, measure))
    prefix, thing, per_second = unit[1] or "", unit[2] or unit[3], bool(unit[4])
    if not thing or (prefix.endswith("i") and thing != "B"):
        raise _amount_error(whole, measure)
    value = _parse_integer(f"{number}{prefix}", whole, measure)
    return _Factor(value, "" if thing in TICKS else thing, per_second or thing == "Hz")


def _fits(product: list[_Factor], measure: Measure) -> bool:
    """Whether one factor has the measured unit, and one is a rate if that is needed."""
    things = [factor.thing for factor in product if factor.thing]
    rates = sum(factor.is_rate for factor in product)
    return len(things) == 1 and things[0] in measure.things and rates == measure.per_second


def _parse_integer(number: str, whole: str, measure: Measure) -> int:
    try:
        return parse_amount(number, "bytes")
    except UsageError:
        raise _amount_error(whole, measure) from None


def _check_range(value: int, text: str, measure: Measure) -> int:
    if not 0 < value <= LARGEST:
        raise _amount_error(text, measure)
    return value


def _amount_error(text: str, measure: Measure) -> UsageError:
    hint = f'Write it as "{measure.example}", or as "{measure.derived}".'
    return UsageError(f"{text[:60]!r} is not a valid {measure.name}", hint=hint)
