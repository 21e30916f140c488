"""The operators that every kind of number has which stands for many sizes, by the few that differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Number(ABC):
    """A number by its sum, its product and its quotient with others, and its negative."""

    __slots__ = ()

    @abstractmethod
    def plus(self, other: Any) -> Any:
        """self + other."""

    @abstractmethod
    def times(self, other: Any) -> Any:
        """self · other."""

    @abstractmethod
    def quotient(self, dividend: Any, divisor: Any) -> Any:
        """⌊dividend / divisor⌋, one of which is self."""

    @abstractmethod
    def remainder(self, dividend: Any, divisor: Any) -> Any:
        """dividend mod divisor, one of which is self."""

    @abstractmethod
    def __neg__(self) -> Any:
        """−self."""

    def __add__(self, other: Any) -> Any:
        return self.plus(other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        return self.times(other)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Any:
        power: Any = 1
        for _ in range(exponent):
            power = self * power
        return power

    def __floordiv__(self, other: Any) -> Any:
        return self.quotient(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.quotient(other, self)

    def __mod__(self, other: Any) -> Any:
        return self.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return self.remainder(other, self)
