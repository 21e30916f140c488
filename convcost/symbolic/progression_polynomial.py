"""A size that runs along an arithmetic progression, as a number that formulas and requirements take.

With it the layers' own code says what a design costs, and whether it is possible, for a whole stretch of
sizes at once. Where the answer is not the same for all of them, SplitError says which parts to ask about.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from numbers import Integral
from typing import Any, cast

from convcost.core.cost import Size
from convcost.symbolic.division import BeyondError, SplitError, divides, floor
from convcost.symbolic.number import Number
from convcost.symbolic.polynomial import Coefficients, added, multiplied, scaled, stretches


class ProgressionPolynomial(Number):
    """A polynomial in the place along `domain`; never constant, those are ints."""

    __slots__ = ("coefficients", "domain")

    def __init__(self, coefficients: Coefficients, domain: range) -> None:
        self.coefficients = coefficients
        self.domain = domain

    def plus(self, other: Any) -> Any:
        return _made(added(self.coefficients, _coefficients(other)), self.domain)

    def times(self, other: Any) -> Any:
        return _made(multiplied(self.coefficients, _coefficients(other)), self.domain)

    def quotient(self, dividend: Any, divisor: Any) -> Any:
        if divisor < 0:
            dividend, divisor = -dividend, -divisor
        return _made(floor(_coefficients(dividend), _coefficients(divisor), self.domain), self.domain)

    def remainder(self, dividend: Any, divisor: Any) -> Any:
        return Remainder(dividend, divisor, self.domain)

    def __neg__(self) -> Any:
        return ProgressionPolynomial(scaled(self.coefficients, -1), self.domain)

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    def __lt__(self, other: Any) -> bool:
        return self._is(other, lambda sign: sign < 0)

    def __le__(self, other: Any) -> bool:
        return self._is(other, lambda sign: sign <= 0)

    def __gt__(self, other: Any) -> bool:
        return self._is(other, lambda sign: sign > 0)

    def __ge__(self, other: Any) -> bool:
        return self._is(other, lambda sign: sign >= 0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | ProgressionPolynomial):
            return False
        return self._is(other, lambda sign: sign == 0)

    def __hash__(self) -> int:
        return hash(self.coefficients)

    def __index__(self) -> int:
        raise BeyondError

    def _is(self, other: Any, wanted: Callable[[int], bool]) -> bool:
        """Whether the sign of self − other is a `wanted` one, if it is so everywhere or nowhere."""
        found = stretches(added(self.coefficients, _coefficients(-other)), len(self.domain))
        answers = groupby(found, lambda stretch: wanted(stretch.sign))
        parts = [(answer, list(part)) for answer, part in answers]
        if len(parts) > 1:
            raise SplitError(self.domain[part[0].start : part[-1].stop] for _, part in parts)
        return parts[0][0]


Integral.register(ProgressionPolynomial)


def along(domain: range) -> Size:
    """The sizes of `domain`, as one number."""
    if len(domain) == 1:
        return domain[0]
    return cast("Size", ProgressionPolynomial((domain[0], domain.step), domain))


def coefficients(number: Size) -> Coefficients:
    """What `number` is at the places along its domain."""
    return _coefficients(number)


def _coefficients(number: Any) -> Coefficients:
    if isinstance(number, ProgressionPolynomial):
        return number.coefficients
    if isinstance(number, int):
        return (number,)
    raise BeyondError


def _made(polynomial: Coefficients, domain: range) -> Any:
    return ProgressionPolynomial(polynomial, domain) if len(polynomial) > 1 else polynomial[0]


class Remainder:
    """dividend mod divisor, of which only whether it is 0 can be asked."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, dividend: Any, divisor: Any, domain: range) -> None:
        self.dividend = _coefficients(dividend)
        self.divisor = _coefficients(divisor)
        self.domain = domain

    def __eq__(self, other: object) -> bool:
        """Whether it is 0, or SplitError with the parts where it is: elsewhere a requirement fails."""
        if not isinstance(other, int) or other != 0:
            raise BeyondError
        return divides(self.divisor, self.dividend, self.domain)
