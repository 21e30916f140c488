"""Polynomials with whole coefficients, lowest first, at the places 0, 1, 2, …: values, signs, runs."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import NamedTuple, TypeAlias

Coefficients: TypeAlias = tuple[int, ...]


class Stretch(NamedTuple):
    """The places from `start` to before `stop`, at all of which a polynomial has one sign: −1, 0 or 1."""

    start: int
    stop: int
    sign: int


def value(polynomial: Coefficients, place: int) -> int:
    """The polynomial at `place`, by Horner's rule."""
    result = 0
    for coefficient in reversed(polynomial):
        result = result * place + coefficient
    return result


def added(first: Coefficients, second: Coefficients) -> Coefficients:
    """first + second."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    return trimmed((*map(sum, zip(longer, shorter, strict=False)), *longer[len(shorter) :]))


def multiplied(first: Coefficients, second: Coefficients) -> Coefficients:
    """first · second."""
    result = [0] * (len(first) + len(second) - 1)
    for place, factor in enumerate(first):
        for other, coefficient in enumerate(second):
            result[place + other] += factor * coefficient
    return trimmed(tuple(result))


def scaled(polynomial: Coefficients, factor: int) -> Coefficients:
    """polynomial · factor, which is not 0."""
    return tuple(coefficient * factor for coefficient in polynomial)


def without(polynomial: Coefficients, other: Coefficients, times: Coefficients = (1,)) -> Coefficients:
    """polynomial − other · times."""
    return added(polynomial, scaled(multiplied(other, times), -1))


def trimmed(polynomial: Coefficients) -> Coefficients:
    """`polynomial` without leading zeros; (0,) for zero."""
    length = len(polynomial)
    while length > 1 and not polynomial[length - 1]:
        length -= 1
    return polynomial[:length]


def step(polynomial: Coefficients) -> Coefficients:
    """p(place + 1) − p(place)."""
    return trimmed(
        tuple(
            sum(comb(power, lower) * polynomial[power] for power in range(lower + 1, len(polynomial)))
            for lower in range(max(1, len(polynomial) - 1))
        )
    )


def stretches(polynomial: Coefficients, count: int) -> list[Stretch]:
    """The places 0 to `count` − 1 by sign, in order; neighbours differ in sign."""
    if count < 1:
        return []
    if min(polynomial) >= 0 or max(polynomial) <= 0:
        return _one_signed(polynomial, count)
    found: list[Stretch] = []
    for start, stop in runs(polynomial, count):
        for stretch in _along_run(polynomial, start, stop):
            if found and found[-1].sign == stretch.sign:
                found[-1] = found[-1]._replace(stop=stretch.stop)
            else:
                found.append(stretch)
    return found


def _one_signed(polynomial: Coefficients, count: int) -> list[Stretch]:
    first, later = sign(polynomial[0]), sign(sum(polynomial))
    if first == later or count == 1:
        return [Stretch(0, count, first)]
    return [Stretch(0, 1, first), Stretch(1, count, later)]


def sign(number: int) -> int:
    """−1, 0 or 1."""
    return (number > 0) - (number < 0)


def runs(polynomial: Coefficients, count: int) -> Iterator[tuple[int, int]]:
    """Places from start to before stop on which the polynomial only grows, only falls or stays."""
    if len(polynomial) < 3:
        yield 0, count
        return
    start = 0
    for stretch in stretches(step(polynomial), count - 1):
        yield start, stretch.stop + 1
        start = stretch.stop + 1
    if start < count:
        yield start, count


def _along_run(polynomial: Coefficients, start: int, stop: int) -> Iterator[Stretch]:
    while start < stop:
        here = sign(value(polynomial, start))
        end = _end_of_sign(polynomial, here, start, stop)
        yield Stretch(start, end, here)
        start = end


def _end_of_sign(polynomial: Coefficients, here: int, start: int, stop: int) -> int:
    """The first place behind `start` whose sign is not `here`, or `stop`: by halving."""
    same, other = start, stop
    while other - same > 1:
        middle = (same + other) // 2
        if sign(value(polynomial, middle)) == here:
            same = middle
        else:
            other = middle
    return other
