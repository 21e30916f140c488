"""Columns of exact integers, one per size, which layers' formulas use like ints."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import product
from math import gcd
from numbers import Integral
from typing import Any, TypeAlias, TypeGuard, cast

import numpy as np

Operation: TypeAlias = Callable[..., Any]
"""An operator on two ints, or on the values of two columns."""

Number: TypeAlias = "int | Column"
Operand: TypeAlias = "int | Column | np.ndarray"
Truth: TypeAlias = "bool | Condition"


class MixedConditionError(Exception):
    """Code branches on a condition that holds only at some sizes: evaluate each branch separately."""

    def __init__(self, condition: Condition) -> None:
        super().__init__()
        self.condition = condition


class Condition(np.ndarray):
    """A boolean per size. It can be used in an `if` only if all are equal."""

    def __bool__(self) -> bool:
        if np.count_nonzero(self) in {0, self.size}:
            return bool(self.flat[0])
        raise MixedConditionError(self)


class Column:
    """An integer per size: `factor` times `values`, which are between `low` and `high`.

    Values are 64-bit integers, or Python ints if those could overflow. Bounds are computed from bounds if
    possible, without reading the values, and a factor is multiplied in only when necessary.
    """

    __slots__ = ("factor", "high", "low", "values")

    __array_ufunc__ = None
    """Makes NumPy use the operators of Column for an array and a column."""

    __hash__ = object.__hash__

    def __init__(
        self, values: np.ndarray | int, factor: int = 1, low: int | None = None, high: int | None = None
    ) -> None:
        self.values = values
        self.factor = factor
        self.low = int(np.min(values)) if low is None else low
        self.high = int(np.max(values)) if high is None else high

    @property
    def bounds(self) -> tuple[int, int]:
        """Bounds of the numbers: lower and upper."""
        low, high = self.low * self.factor, self.high * self.factor
        return (low, high) if low <= high else (high, low)

    def __add__(self, other: Operand) -> Number:
        if not _is_number(other):
            return NotImplemented
        other = _as_column(other)
        if self.values is other.values:
            return _with_factor(self, self.factor + other.factor)
        if not other.factor:
            return self
        common = gcd(self.factor, other.factor)
        first, second = sorted((self, other), key=lambda term: term.factor, reverse=True)
        if first.factor < 0:
            common = -common
        if second.factor * common > 0:
            return _with_factor(
                _combine(operator.add, _divide_factor(first, common), _divide_factor(second, common)), common
            )
        return _with_factor(
            _combine(operator.sub, _divide_factor(first, common), _divide_factor(second, -common)), common
        )

    def __sub__(self, other: Operand) -> Number:
        return self.__add__(-other)

    def __rsub__(self, other: Operand) -> Number:
        return cast("Number", -self + other)

    def __mul__(self, other: Operand) -> Number:
        if not _is_number(other):
            return NotImplemented
        if isinstance(other, int):
            return _with_factor(self, self.factor * other)
        other = _as_column(other)
        return _with_factor(_combine(operator.mul, self, other), self.factor * other.factor)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, exponent: int) -> Number:
        power: Number = 1
        for _ in range(exponent):
            power = self * power
        return power

    def __neg__(self) -> Number:
        return _with_factor(self, -self.factor)

    def __abs__(self) -> Number:
        if self.low < 0 < self.high:
            return Column(np.abs(self.values), abs(self.factor), 0, max(-self.low, self.high))
        return _with_factor(self, abs(self.factor) if self.low >= 0 else -abs(self.factor))

    def __floordiv__(self, other: Operand) -> Number:
        """The quotient rounded down; 0 where the divisor is 0."""
        if not _is_number(other):
            return NotImplemented
        return _quotient(self, _as_column(other))

    def __rfloordiv__(self, other: Operand) -> Number:
        return _quotient(_as_column(other), self)

    def __mod__(self, other: Operand) -> Number:
        if not _is_number(other):
            return NotImplemented
        return self - self // other * other

    def __rmod__(self, other: Operand) -> Number:
        return cast("Number", other - other // self * self)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return self._compare(other, operator.ne)

    def __lt__(self, other: object) -> Truth:
        return self._compare(other, operator.lt)

    def __le__(self, other: object) -> Truth:
        return self._compare(other, operator.le)

    def __gt__(self, other: object) -> Truth:
        return self._compare(other, operator.gt)

    def __ge__(self, other: object) -> Truth:
        return self._compare(other, operator.ge)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def _compare(self, other: object, relation: Callable[..., bool]) -> Truth:
        """A bool if the bounds decide, otherwise a Condition."""
        if not _is_number(other):
            return NotImplemented  # type: ignore[no-any-return]
        (low, high), (least, most) = self.bounds, _as_column(other).bounds
        is_equality = relation in {operator.eq, operator.ne}
        if high < least or low > most or (low == high == least == most):
            return relation(low, least)
        if not is_equality and relation(low, most) == relation(high, least):
            return relation(low, most)
        difference = self - other
        if isinstance(difference, int):
            return relation(difference, 0)
        sides = (difference.values, 0) if difference.factor > 0 else (0, difference.values)
        return np.asarray(relation(*sides), bool).view(Condition)


Integral.register(Column)


def _is_number(value: object) -> TypeGuard[Operand]:
    return isinstance(value, int | Column | np.ndarray)


def _as_column(number: Operand) -> Column:
    if isinstance(number, Column):
        return number
    if isinstance(number, np.ndarray):
        return Column(np.asarray(number, np.int64))
    return Column(1, int(number), 1, 1)


def _with_factor(column: Column, factor: int) -> Number:
    """The values of the column with another factor."""
    return Column(column.values, factor, column.low, column.high) if factor else 0


def _divide_factor(column: Column, common: int) -> Column:
    """The column divided by `common`, a divisor of its factor; the rest of the factor is multiplied in."""
    factor = column.factor // common
    scale = Column(factor, 1, factor, factor)
    if isinstance(column.values, int):
        return scale
    return column if factor == 1 else _combine(operator.mul, column, scale)


def _combine(operation: Operation, first: Column, second: Column) -> Column:
    """`operation` on the values of both, ignoring their factors."""
    bounds = _extremes(operation, first, second)
    if not _fits(*bounds):
        first, second = _with_exact_bounds(first), _with_exact_bounds(second)
        bounds = _extremes(operation, first, second)
    sides: tuple[np.ndarray | int, ...] = first.values, second.values
    if not _fits(*bounds, *(side for side in sides if isinstance(side, int))):
        sides = tuple(side if isinstance(side, int) else side.astype(object) for side in sides)
    values = operation(*sides)
    if values.dtype == object and _fits(*bounds):
        values = values.astype(np.int64)
    return Column(values, 1, *bounds)


def _fits(*numbers: int) -> bool:
    return all(-(2**63) <= number < 2**63 for number in numbers)


def _extremes(operation: Operation, first: Column, second: Column) -> tuple[int, int]:
    """Bounds of a sum, a product, or a quotient, from the bounds of the operands."""
    if operation is operator.floordiv and second.low <= 0:
        most = max(abs(first.low), abs(first.high))
        return -most, most
    extremes = [operation(*pair) for pair in product((first.low, first.high), (second.low, second.high))]
    return min(extremes), max(extremes)


def _with_exact_bounds(column: Column) -> Column:
    return column if isinstance(column.values, int) else Column(column.values, column.factor)


def _quotient(dividend: Column, divisor: Column) -> Number:
    if not divisor.factor:
        raise ZeroDivisionError
    common = gcd(dividend.factor, divisor.factor) * (1 if divisor.factor > 0 else -1)
    if divisor.factor == common and isinstance(divisor.values, int):
        return _with_factor(dividend, dividend.factor // common)
    numerator, denominator = _divide_factor(dividend, common), _divide_factor(divisor, common)
    if denominator.low > 0 or denominator.high < 0 or isinstance(denominator.values, int):
        return _combine(operator.floordiv, numerator, denominator)
    is_zero = denominator.values == 0
    nonzero = Column(np.where(is_zero, 1, denominator.values))
    return _combine(operator.floordiv, numerator, nonzero).__mul__(np.logical_not(is_zero))


def merge_columns(conditions: Sequence[np.ndarray], columns: Sequence[Column]) -> Column:
    """A column with the numbers of each of `columns` where its condition holds."""
    common = gcd(*(column.factor for column in columns))
    scaled = [_divide_factor(column, common) for column in columns]
    values = np.zeros(conditions[0].shape, np.result_type(*(column.values for column in scaled)))
    for condition, column in zip(conditions, scaled, strict=True):
        values[condition] = column.values
    return Column(values, common)


def broadcast_column(number: Column | int, shape: tuple[int, ...]) -> Column:
    """`number` as a column of this shape with a positive factor."""
    column = _as_column(number)
    if column.factor <= 0:
        column = _divide_factor(column, 1)
    return Column(np.broadcast_to(column.values, shape), column.factor, column.low, column.high)
