"""A size of which only its bounds are known, as a number that formulas and requirements take.

With it the layers' own code bounds what a design costs over a whole range of sizes, and shows that none of
them is possible, without a look at each: interval arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn, cast

from convcost.core.arithmetic import ceil_div
from convcost.core.cost import Size
from convcost.symbolic.division import BeyondError
from convcost.symbolic.number import Number


class UndecidedError(BeyondError):
    """The answer is not the same for all numbers between the bounds."""


class Interval(Number):
    """Any number from `low` to `high`; never a single one, those are ints."""

    __slots__ = ("high", "low")

    def __init__(self, low: int, high: int) -> None:
        self.low = low
        self.high = high

    def plus(self, other: Any) -> Any:
        low, high = _ends(other)
        return _made(self.low + low, self.high + high)

    def times(self, other: Any) -> Any:
        return _extremes(mine * theirs for mine in _ends(self) for theirs in _ends(other))

    def quotient(self, dividend: Any, divisor: Any) -> Any:
        if divisor < 0:
            dividend, divisor = -dividend, -divisor
        if not divisor > 0:
            raise UndecidedError
        return _extremes(above // below for above in _ends(dividend) for below in _ends(divisor))

    def remainder(self, dividend: Any, divisor: Any) -> Any:
        if not divisor > 0:
            raise UndecidedError
        (low, high), (least, most) = _ends(dividend), _ends(divisor)
        return dividend if low >= 0 and high < least else _made(0, most - 1)

    def __neg__(self) -> Any:
        return Interval(-self.high, -self.low)

    def __abs__(self) -> Any:
        low, high = sorted((abs(self.low), abs(self.high)))
        return _made(0 if self.low < 0 < self.high else low, high)

    def __lt__(self, other: Any) -> bool:
        low, high = _ends(other)
        return _decided(self.high < low, self.low >= high)

    def __le__(self, other: Any) -> bool:
        low, high = _ends(other)
        return _decided(self.high <= low, self.low > high)

    def __gt__(self, other: Any) -> bool:
        return not self <= other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int | Interval):
            return False
        low, high = _ends(other)
        return _decided(False, self.high < low or high < self.low)

    __hash__ = object.__hash__
    """Two numbers between the same bounds need not be equal: only one and the same is for sure."""

    def __index__(self) -> NoReturn:
        raise UndecidedError


def _ends(number: Any) -> tuple[int, int]:
    if isinstance(number, Interval):
        return number.low, number.high
    if isinstance(number, int):
        return number, number
    raise UndecidedError


def _made(low: int, high: int) -> Any:
    return low if low == high else Interval(low, high)


def _extremes(numbers: Iterable[int]) -> Any:
    """From the least to the largest: where a product or a quotient is extreme, so are both its sides."""
    found = list(numbers)
    return _made(min(found), max(found))


def _decided(is_so: bool, is_not_so: bool) -> bool:
    if not is_so and not is_not_so:
        raise UndecidedError
    return is_so


def exact_quotient(dividend: Any, divisor: Any) -> Any:
    """The numbers between which dividend / divisor is where it is whole; None where it never is.

    Both are positive, and one of them is a `Between`; UndecidedError else.
    """
    if not dividend > 0 or not divisor > 0:
        raise UndecidedError
    (low, high), (least, most) = _ends(dividend), _ends(divisor)
    smallest, largest = ceil_div(low, most), high // least
    return _made(smallest, largest) if smallest <= largest else None


class Bounds(NamedTuple):
    """What a cost is at least and at most."""

    low: Size
    high: Size

    def distance(self, target: Size) -> Size:
        """How far `target` is from every number between the bounds, at least."""
        return max(0, self.low - target, target - self.high)


def bounds(costs: Callable[..., Size], *sizes: range) -> Bounds | None:
    """What `costs` is bounded by where each size is in its range; None where that is not known.

    Raises ConvcostError, as `costs` does, where no size there is possible.
    """
    try:
        return Bounds(*_ends(costs(*map(between, sizes))))
    except BeyondError:
        return None


def between(sizes: range) -> Size:
    """Any of `sizes`, which ascend, as one number."""
    return cast("Size", _made(sizes[0], sizes[-1]))
