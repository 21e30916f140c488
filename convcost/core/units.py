"""Formatting of numbers as text, and parsing of numbers from text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from convcost.core.errors import UsageError
from convcost.core.metrics import BY_NAME

PREFIXES = ("", "K", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q")
"""Powers of 1,000."""

JOINED = ("FLOPs", "MACs", "B", "FLOP/s", "OP/s", "B/s")
"""Units that are joined with the prefix: MFLOPs. Others are separate: 98.6 K params."""

BINARY: dict[str, int] = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}

LONGEST_EXACT = 10**18
"""Larger counts are scaled in tables of several columns."""

MOST_BITS = 1000
"""The most bits of a size."""

LONGEST_LINE = 10**30
"""Larger numbers are scaled in sentences."""

SMALLEST_FIXED, LARGEST_FIXED = Fraction(1, 1000), 10**6
"""Ratios outside of this range are written with a power of ten."""

MOST_DECIMALS = 9

ALMOST_THOUSAND = Fraction("999.95")
"""From here on, a number rounded to one decimal is 1000.0."""

NONE = "–"
"""Shown for an undefined number, such as a division by zero."""


def human(value: int | Fraction, unit: str = "") -> str:
    """`value` rounded, with a prefix: 1.97 MFLOPs, 163.8 KMACs, 98.6 K params."""
    return _with_unit(*_scaled(Fraction(value)), unit)


def _with_unit(number: str, prefix: str, unit: str) -> str:
    if unit in JOINED:
        return f"{number} {prefix}{unit}"
    return " ".join(part for part in (number, prefix, unit) if part)


def _scaled(value: Fraction) -> tuple[str, str]:
    if value.denominator == 1 and abs(value) < 1000:
        return str(value), ""
    if abs(value) < ALMOST_THOUSAND:
        return _digits(value), ""
    for prefix in PREFIXES[1:]:
        value /= 1000
        if abs(value) < ALMOST_THOUSAND:
            return _digits(value), prefix
    power = 1000 ** (len(PREFIXES) - 1)
    return f"{Decimal(round(value * power)):.2e}", ""


def _digits(value: Fraction) -> str:
    return f"{float(value):.2f}" if abs(value) < Fraction("9.995") else f"{float(value):.1f}"


def power_of_thousand(value: Fraction) -> int:
    """The power of 1,000 of the prefix for `value`: 2 for 163,000,000, 1 for 98,600, 0 below 1,000."""
    power = 0
    while abs(value) >= ALMOST_THOUSAND and power < len(PREFIXES) - 1:
        value, power = value / 1000, power + 1
    return power


def prefixed(unit: str, power: int) -> str:
    """The unit with the prefix of a power of 1,000: MFLOPs, K params."""
    return f"{PREFIXES[power]}{unit}" if unit in JOINED else f"{PREFIXES[power]} {unit}".strip()


def three_digits(value: Fraction) -> str:
    """`value` to three significant digits, without trailing zeros: 0.163, 83.4, 163,000."""
    rounded = Decimal(f"{float(value):.3g}")
    return f"{rounded:,f}" if abs(rounded) < LONGEST_EXACT else f"{float(value):.2e}"


def scaled_in_full(value: int | Fraction, unit: str = "") -> str:
    """`value` with a prefix and up to 12 digits, without trailing zeros: 12 GFLOPs, 19.92 MFLOPs, 2.5 KB."""
    number, power = Fraction(value), 0
    while abs(number) >= 1000:
        number, power = number / 1000, power + 1
    if power >= len(PREFIXES):
        return human(value, unit)
    return _with_unit(f"{float(number):.12g}", PREFIXES[power], unit)


SMALL = ("", "m", "µ", "n", "p", "f")
"""Prefixes for powers of 1/1000."""

ALMOST_ONE = Fraction("0.99995")


def duration(seconds: Fraction) -> str:
    """`seconds` rounded, with a prefix: 2.10 µs, 13.4 ms, 95.1 s."""
    if seconds >= ALMOST_THOUSAND or not seconds:
        return human(Fraction(round(seconds)), "s")
    fitting = (power for power in range(len(SMALL)) if seconds * 1000**power >= ALMOST_ONE)
    power = next(fitting, len(SMALL) - 1)
    return f"{_digits(seconds * 1000**power)} {SMALL[power]}s"


def exact(value: int | Fraction) -> str:
    """`value` with thousands separators; scaled above 10¹⁸; small fractions with three significant digits."""
    number = Fraction(value)
    if abs(number) > LONGEST_EXACT:
        return human(number)
    if number.denominator == 1 or abs(number) >= Fraction("999.5"):
        return f"{round(number):,}"
    return significant(number)


def significant(value: int | Fraction) -> str:
    """Three significant digits, including zeros: 29.0, 0.500, 153."""
    return f"{float(value):#.3g}".removesuffix(".")


def in_full(value: int | Fraction) -> str:
    """Like `exact`, but with all digits of integers up to 10³⁰."""
    is_whole = value.denominator == 1 and -LONGEST_LINE <= value <= LONGEST_LINE
    return f"{int(value):,}" if is_whole else exact(value)


def fraction(value: int | Fraction) -> str:
    """`value` without rounding: 1,280 or 5/3."""
    numerator, denominator = value.as_integer_ratio()
    return f"{numerator:,}" if denominator == 1 else f"{numerator:,}/{denominator:,}"


def ratio(value: Fraction | None) -> str:
    """`value` as a factor: 6.00×, 0.600×, 1.002×, 1.20e-9×. 1.00× means exactly 1; None is a dash."""
    return NONE if value is None else f"{_three_digits(value, 1)}×"


def percent(share: Fraction | None) -> str:
    """`share` in percent: 16.6%, 0.0400%, 99.97%. 100% means exactly all; None is a dash."""
    if share is None:
        return NONE
    return f"{_three_digits(share * 100, 100)}%" if share else "0%"


def signed_percent(share: Fraction) -> str:
    """`share` in percent with its sign: +2.87%, −0.977%, 0%."""
    return f"{sign(share)}{percent(abs(share))}"


def sign(number: int | Fraction) -> str:
    """+, − or ""."""
    return "+" if number > 0 else "−" if number else ""


def _three_digits(value: Fraction, landmark: int) -> str:
    """`value` with three significant digits, or more if it would otherwise equal `landmark`.

    All digits of the integer part are kept. Very close to `landmark`, shows the difference: (1 + 1.00e-30).
    """
    if value < 0:
        return f"−{_three_digits(-value, landmark)}"
    if not value:
        return "0.00"
    power = _power_of_ten(value)
    if not SMALLEST_FIXED <= value < LARGEST_FIXED:
        return _scientific(value, power)
    decimals = max(0, 2 - power)
    if decimals and round(value, decimals) >= Fraction(10) ** (power + 1):
        decimals -= 1
    while round(value, decimals) == landmark != value:
        decimals += 1
        if decimals > MOST_DECIMALS:
            difference = value - landmark
            digits = _scientific(abs(difference), _power_of_ten(abs(difference)))
            return f"({landmark} {'+' if difference > 0 else '−'} {digits})"
    return f"{Decimal(round(value * 10**decimals)).scaleb(-decimals):,f}"


def _power_of_ten(value: Fraction) -> int:
    """The exponent of the largest power of ten that is at most `value` > 0."""
    numerator, denominator = value.as_integer_ratio()
    power = int((numerator.bit_length() - denominator.bit_length()) * 0.30103)
    while value < Fraction(10) ** power:
        power -= 1
    while value >= Fraction(10) ** (power + 1):
        power += 1
    return power


def _scientific(value: Fraction, power: int) -> str:
    digits = round(value / Fraction(10) ** (power - 2))
    if digits == 1000:
        digits, power = 100, power + 1
    return f"{digits // 100}.{digits % 100:02}e{power}"


def parse_bytes(text: str) -> int:
    """Parse a number of bytes: `1GiB`, `512 MB`, `1000000`. K, M, G are powers of 1000, with `i` of 1024."""
    match = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([KMGTP]?)(i?)B?\s*", text, re.IGNORECASE)
    if not match or (match[3] and not match[2]):
        raise UsageError(f"{text[:40]!r} is not an amount of memory", hint="Write it as 1GiB or 500MB.")
    prefix = match[2].upper()
    factor: int = BINARY[prefix] if match[3] else 1000 ** PREFIXES.index(prefix)
    return int(Fraction(match[1]) * factor)


def binary(value: int) -> str:
    """A number of bytes with a prefix for powers of 1024: 1.50 GiB."""
    for prefix, factor in reversed(BINARY.items()):
        if value >= factor > 1:
            return f"{exact(Fraction(value, factor))} {prefix}iB"
    return f"{value} B"


def parse_amount(text: str, metric: str) -> int:
    """Parse an integer amount of a metric: `2GFLOPs`, `300 K`, `1.5e9`, `327,680` or `64MiB`."""
    units = BY_NAME[metric].units
    number = r"([0-9][0-9,_]{0,39}(?:\.[0-9]{1,20})?(?:e\+?[0-9]{1,2})?)"
    unit = f"(?:{'|'.join(units)})?"
    powers = "([KMGTP]?)((?<=[KMGTP])i|)" if metric == "bytes" else f"([{''.join(PREFIXES)}]?)()"
    pattern = rf"\s*{number}\s*{powers}\s*{unit}\s*"
    match = re.fullmatch(pattern, text, re.IGNORECASE)
    amount = match and Fraction(_without_marks(match[1])) * _factor(match[2].upper(), bool(match[3]))
    if not match or amount is None or amount.denominator != 1:
        message = f"{text[:40]!r} is not an amount of {units[-1]}"
        raise UsageError(message, hint=f"Write it as 1.5e9 or 64 M{units[-1]}.")
    return int(amount)


def _without_marks(digits: str) -> str:
    return re.sub("[,_]", "", digits)


def _factor(prefix: str, is_binary: bool) -> int:
    return BINARY[prefix] if is_binary else 1000 ** PREFIXES.index(prefix)


SCALED = re.compile(
    r"([0-9][0-9_]{0,39}(?:\.[0-9]{1,20})?(?:e\+?[0-9]{1,2})?)([KMGTP]?)((?<=[KMGTP])i|)", re.I
)
"""A number with an optional prefix: 1.5M, 64Ki, 1e9."""


def parse_scaled(text: str) -> Fraction:
    """Parse a number that matches SCALED. K, M, G are powers of 1000, with `i` of 1024."""
    match = SCALED.fullmatch(text)
    assert match
    return Fraction(_without_marks(match[1])) * _factor(match[2].upper(), bool(match[3]))


TIME = re.compile(r"([0-9][0-9_]{0,39}(?:\.[0-9]{1,20})?(?:e-?[0-9]{1,2})?)(ns|us|µs|ms|s)", re.I)
"""A duration: 2ms, 1.5s, 800us."""

SECONDS_OF = {
    "s": Fraction(1),
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
}


def parse_time(text: str) -> Fraction:
    """Parse a duration that matches TIME, in seconds."""
    match = TIME.fullmatch(text)
    assert match
    return Fraction(_without_marks(match[1])) * SECONDS_OF[match[2].lower()]


def parse_seconds(text: str, option: str) -> float:
    """Parse a number of seconds: `600` or `0.5`; UsageError names the option."""
    if not re.fullmatch(r"\s*[0-9]{1,7}(?:\.[0-9]{1,6})?\s*", text) or not float(text):
        raise UsageError(f"{option} is {text[:40]}; it must be a number of seconds greater than 0")
    return float(text)


def parse_count(text: str, option: str, least: int = 0, most: int | None = None) -> int:
    """Parse a size: `4096`, `4_096`, `2**12` or `1e6`; UsageError names the option."""
    digits = re.fullmatch(r"\s*([0-9][0-9,_]{0,39}(?:e\+?[0-9]{1,2})?)(?:\*\*([0-9]{1,2}))?\s*", text)
    if not digits:
        if text.strip().startswith("-"):
            raise count_error(option, text[:40], least, most)
        raise UsageError(f"{option} is {text[:40]}; it must be a whole number")
    base, power = int(Fraction(_without_marks(digits[1]))), int(digits[2] or 1)
    if base.bit_length() * power > MOST_BITS:
        raise UsageError(f"{option} {text[:40]} is too large")
    number = int(base**power)
    if number < least or (most is not None and number > most):
        raise count_error(option, text[:40], least, most)
    return number


def count_error(what: str, number: object, least: int, most: int | None = None) -> UsageError:
    """The error for a `number` of `what` that is out of its bounds."""
    bounds = f"at least {least:,}" if most is None else f"{least:,} to {most:,}"
    return UsageError(f"{what} is {number}; it must be {bounds}")


def range_problem(start: int, stop: int, step: int = 1) -> str:
    """Why the range from `start` to `stop` has no value; "" if it has one."""
    if step < 1:
        return f"the step is {step:,}; it must be at least 1"
    return f"the range is empty: {start:,} is more than {stop:,}" if start > stop else ""


def sizes_in_full(sizes: Mapping[str, Any]) -> str:
    """Integer sizes by name: E = 48, K = 1,024."""
    return ", ".join(f"{name} = {size:,}" for name, size in sizes.items())


def plural(count: object, noun: str) -> str:
    """`noun`, in the plural unless `count` is 1."""
    return noun if count == 1 else f"{noun}s"
