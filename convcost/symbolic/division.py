"""Division of polynomials along a stretch of sizes, rounded down, and whether it leaves nothing.

Where the answer is no single polynomial, SplitError says on which parts of the stretch it may be one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd
from typing import NoReturn

from convcost.symbolic.polynomial import Coefficients, added, stretches, trimmed, value, without

MOST_CLASSES = 4096
"""Residue classes that a stretch may be split into where sizes have to divide."""

MOST_ROUNDED = 256
"""Residue classes that one rounding may split a stretch into; with more it is split where it rounds alike."""


class SplitError(Exception):
    """The answer differs among `parts` of the stretch; it is no anywhere else."""

    def __init__(self, parts: Iterable[range]) -> None:
        super().__init__()
        self.parts = tuple(part for part in parts if part)


class BeyondError(Exception):
    """Not a computation on polynomials."""


def floor(dividend: Coefficients, divisor: Coefficients, sizes: range) -> Coefficients:
    """⌊dividend / divisor⌋; the divisor is positive all along `sizes`."""
    if len(divisor) == 1:
        return _floor_by_number(dividend, divisor[0], sizes)
    quotient = _whole_part(dividend, divisor, sizes)
    for nearby in (0, -1, 1):
        guess = added(quotient, (nearby,))
        if _is_floor(guess, dividend, divisor, sizes):
            return guess
    return _floor_of_block(dividend, divisor, sizes)


def _floor_by_number(dividend: Coefficients, divisor: int, sizes: range) -> Coefficients:
    classes = divisor // gcd(divisor, *dividend[1:])
    if classes == 1:
        return tuple(coefficient // divisor for coefficient in dividend)
    quotients = abs(value(dividend, len(sizes) - 1) - dividend[0]) // divisor
    if classes <= min(MOST_ROUNDED, quotients):
        _split_by(classes, sizes)
    return _floor_of_block(dividend, (divisor,), sizes)


def _split_by(classes: int, sizes: range) -> NoReturn:
    if min(classes, len(sizes)) > MOST_CLASSES:
        raise BeyondError
    raise SplitError(sizes[residue::classes] for residue in range(min(classes, len(sizes))))


def _whole_part(dividend: Coefficients, divisor: Coefficients, sizes: range) -> Coefficients:
    """The polynomial part of dividend / divisor, its constant rounded down."""
    rest, quotient = list(dividend), [0] * max(1, len(dividend) - len(divisor) + 1)
    leading = divisor[-1]
    for power in reversed(range(len(dividend) - len(divisor) + 1)):
        factor, remains = divmod(rest[power + len(divisor) - 1], leading)
        if remains and power:
            _split_by(abs(leading) // gcd(leading, remains), sizes)
        quotient[power] = factor
        for place, coefficient in enumerate(divisor):
            rest[power + place] -= factor * coefficient
    return trimmed(tuple(quotient))


def _is_floor(guess: Coefficients, dividend: Coefficients, divisor: Coefficients, sizes: range) -> bool:
    """Whether 0 ≤ dividend − guess · divisor < divisor all along."""
    rest = without(dividend, divisor, guess)
    return _signs(rest, sizes) <= {0, 1} and _signs(without(rest, divisor), sizes) == {-1}


def _signs(polynomial: Coefficients, sizes: range) -> set[int]:
    return {stretch.sign for stretch in stretches(polynomial, len(sizes))}


def _floor_of_block(dividend: Coefficients, divisor: Coefficients, sizes: range) -> Coefficients:
    """The quotient in the middle, if it is the same all along; else split around where it is."""
    middle = len(sizes) // 2
    quotient = value(dividend, middle) // value(divisor, middle)
    rest = without(dividend, divisor, (quotient,))
    start, stop = 0, len(sizes)
    for side in (added(rest, (1,)), without(rest, divisor)):
        around = next(found for found in stretches(side, len(sizes)) if middle < found.stop)
        start, stop = max(start, around.start), min(stop, around.stop)
    if (start, stop) == (0, len(sizes)):
        return (quotient,)
    raise SplitError((sizes[:start], sizes[start:stop], sizes[stop:]))


def divides(divisor: Coefficients, dividend: Coefficients, sizes: range) -> bool:
    """Whether divisor | dividend all along; if that differs, SplitError has the parts where it is so."""
    if len(divisor) == 1:
        return _number_divides(abs(divisor[0]), dividend, sizes)
    rest = without(dividend, divisor, _whole_part(dividend, divisor, sizes))
    if rest == (0,):
        return True
    known = divisors(abs(rest[0])) if len(rest) == 1 else None
    if known is None:
        raise BeyondError
    places = sorted(_places_of(known, divisor, sizes))
    if len(places) == len(sizes):
        return True
    raise SplitError(sizes[place : place + 1] for place in places)


def _number_divides(divisor: int, dividend: Coefficients, sizes: range) -> bool:
    constant, *rest = dividend
    common = gcd(divisor, *rest)
    classes = divisor // common
    if constant % common:
        return False
    if classes == 1:
        return True
    if len(rest) > 1:
        _split_by(classes, sizes)
    first = -constant // common * pow(rest[0] // common, -1, classes) % classes
    raise SplitError([sizes[first::classes]])


def _places_of(numbers: Sequence[int], polynomial: Coefficients, sizes: range) -> set[int]:
    """The places at which the polynomial is one of `numbers` or of their negatives."""
    return {
        place
        for number in numbers
        for wanted in (number, -number)
        for found in stretches(added(polynomial, (-wanted,)), len(sizes))
        if found.sign == 0
        for place in range(found.start, found.stop)
    }


LARGEST_TRIED = 10**6
"""The largest factor that is looked for one by one."""

MOST_DIVISORS = 10_000


@lru_cache(maxsize=1_000)
def divisors(number: int) -> tuple[int, ...] | None:
    """Every divisor of `number` ≥ 1, in order; None if two factors are large, or it has too many."""
    found = [1]
    factor = 2
    while factor * factor <= number and factor <= LARGEST_TRIED and len(found) <= MOST_DIVISORS:
        powers = [1]
        while number % factor == 0:
            number //= factor
            powers.append(powers[-1] * factor)
        found = [known * power for known in found for power in powers]
        factor += 1
    if number > 1:
        found += [known * number for known in found]
    is_whole = factor * factor > number and len(found) <= MOST_DIVISORS
    return tuple(sorted(found)) if is_whole else None
