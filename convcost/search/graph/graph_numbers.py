"""Integers and truth values that add what is computed with them to an expression graph.

A layer's formula takes them as it takes ints and columns. As for a column, a quotient by 0 is 0.
"""

from __future__ import annotations

from math import prod
from numbers import Integral
from typing import Any

from convcost.search.graph.expression_graph import ExpressionGraph, OperationKind
from convcost.search.graph.graph_arithmetic import (
    add,
    is_absolute_of,
    larger,
    modulo,
    multiply,
    quotient,
    subtract,
)
from convcost.search.graph.graph_conditions import choose, conjunction, equal, less, negation
from convcost.search.graph.graph_results import Number, OperationResult, Truth, bounded_number


class OpenConditionError(Exception):
    """Code branches on a condition that is true for some inputs only: evaluate each branch separately."""

    def __init__(self, condition: int) -> None:
        super().__init__()
        self.condition = condition


class GraphNumber(OperationResult, of_truth=False):
    """An integer."""

    __slots__ = ()

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Any:
        if (right := as_number(other)) is None:
            return NotImplemented
        if isinstance(right, int):
            return self if right == 0 else add(self, right)
        if is_absolute_of(right, self):
            return 2 * larger(self, 0)
        if is_absolute_of(self, right):
            return 2 * larger(right, 0)
        return 2 * self if right.number == self.number else add(self, right)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else subtract(self, right)

    def __rsub__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else subtract(left, self)

    def __mul__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else multiply(self, right)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Number:
        return prod([self] * exponent)

    def __neg__(self) -> Any:
        return multiply(self, -1)

    def __abs__(self) -> Number:
        low, high = self.bounds
        if low >= 0:
            return self
        if high <= 0:
            return -self  # type: ignore[no-any-return]
        return bounded_number(self.graph, OperationKind.ABSOLUTE, (self,), (0, max(-low, high)))

    def __floordiv__(self, other: Any) -> Any:
        """Rounded down; 0 where the divisor is 0."""
        right = as_number(other)
        return NotImplemented if right is None else quotient(self, right)

    def __rfloordiv__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else quotient(left, self)

    def __mod__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else modulo(self, right)

    def __rmod__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else modulo(left, self)

    def __lt__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else less(self, right)

    def __gt__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else less(right, self)

    def __ge__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else negation(less(self, right))

    def __le__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else negation(less(right, self))

    def __eq__(self, other: object) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else equal(self, right)

    def __ne__(self, other: object) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else negation(equal(self, right))

    def __bool__(self) -> bool:
        return bool(self != 0)


Integral.register(GraphNumber)


class GraphCondition(OperationResult, of_truth=True):
    """Whether something holds; an `if` takes it where that was decided."""

    __slots__ = ()

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        number = self.number
        is_negated = self.operation.kind is OperationKind.NOT
        if is_negated:
            [number] = self.operation.operands
        if number not in self.graph.decisions:
            raise OpenConditionError(number)
        return self.graph.decisions[number] ^ is_negated

    def __and__(self, other: Any) -> Truth:
        return conjunction(self, _as_truth(other))

    def __or__(self, other: Any) -> Truth:
        return negation(conjunction(negation(self), negation(_as_truth(other))))

    def __xor__(self, other: Any) -> Truth:
        other = _as_truth(other)
        return (
            negation(self) if other is True else self if other is False else (self | other) & ~(self & other)
        )

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Any:
        return negation(self)

    def __eq__(self, other: object) -> Any:
        return as_number(self) == other

    def __ne__(self, other: object) -> Any:
        return as_number(self) != other

    def __add__(self, other: Any) -> Any:
        return as_number(self) + other

    def __mul__(self, other: Any) -> Any:
        return as_number(self) * other

    __radd__, __rmul__ = __add__, __mul__

    def any(self) -> bool:
        """Whether it may hold anywhere."""
        return True


def given_number(graph: ExpressionGraph, name: str, low: int, high: int) -> Number:
    """The input of that name, whose values are from `low` to `high`."""
    return low if low == high else GraphNumber(graph, graph.add(OperationKind.INPUT, (), (low, high), name))


def as_number(value: Any) -> Any:
    """An int or a number of a graph; 1 or 0 for a truth value, None for anything else."""
    if isinstance(value, GraphNumber):
        return value
    if isinstance(value, GraphCondition):
        return choose(value, 1, 0)
    return int(value) if isinstance(value, int) else None


def _as_truth(value: Any) -> Truth:
    return value if isinstance(value, GraphCondition) else bool(value)
