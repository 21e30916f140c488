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
        return NotImplemented if isinstance(other, Unstated) else self.plus(other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Unstated) else self.times(other)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Any:
        power: Any = 1
        for _ in range(exponent):
            power = self * power
        return power

    def __floordiv__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Unstated) else self.quotient(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self.quotient(other, self)

    def __mod__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, Unstated) else self.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return self.remainder(other, self)


class Unstated:
    """A number that depends on the sizes called `names`, which nobody stated; what divides it is left open.

    Whatever is computed with it depends on them too.
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def _with(self, other: Any) -> Unstated:
        return Unstated(*self.names, *getattr(other, "names", ()))

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __floordiv__ = __rfloordiv__ = __pow__ = _with

    def __neg__(self) -> Unstated:
        return self

    __abs__ = __neg__

    def __mod__(self, other: Any) -> int:
        """0: a size that is not known is taken to be divided where it has to be."""
        return 0

    __rmod__ = __mod__

    def __str__(self) -> str:
        return "?"
