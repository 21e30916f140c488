"""Integers and truth values that record computations with them in an expression graph.

Layers' formulas work on them as on ints and columns. As with columns, a quotient by 0 is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from numbers import Integral
from typing import Any

from convcost.search.graph.expression_graph import ExpressionGraph, OperationKind
from convcost.search.graph.graph_arithmetic import (
    add,
    modulo,
    multiply,
    quotient,
    subtract,
)
from convcost.search.graph.graph_conditions import (
    choose,
    conjunction,
    equal,
    less,
    negation,
    not_equal,
    not_less,
)
from convcost.search.graph.graph_results import Number, OperationResult, Truth, bounded_number


class OpenConditionError(Exception):
    """Code branches on a condition that is true only for some inputs: evaluate each branch separately."""

    def __init__(self, condition: int) -> None:
        super().__init__()
        self.condition = condition


def _operator(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A number's method for an operator that `compute` implements."""

    def method(self: Any, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else compute(self, right)

    return method


def _reflected_operator(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The method for the number on the right side."""
    return _operator(lambda self, other: compute(other, self))


class GraphNumber(OperationResult, of_truth=False):
    """An integer result."""

    __slots__ = ()

    __hash__ = object.__hash__

    __add__ = __radd__ = _operator(add)
    __sub__, __rsub__ = _operator(subtract), _reflected_operator(subtract)
    __mul__ = __rmul__ = _operator(multiply)
    __floordiv__, __rfloordiv__ = _operator(quotient), _reflected_operator(quotient)
    __mod__, __rmod__ = _operator(modulo), _reflected_operator(modulo)
    __lt__, __gt__ = _operator(less), _reflected_operator(less)
    __ge__, __le__ = _operator(not_less), _reflected_operator(not_less)
    __eq__, __ne__ = _operator(equal), _operator(not_equal)

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

    def __bool__(self) -> bool:
        return bool(self != 0)


Integral.register(GraphNumber)


class GraphCondition(OperationResult, of_truth=True):
    """A truth value; `bool()` needs a decision of the graph."""

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
        """True: it may hold somewhere."""
        return True


def given_number(graph: ExpressionGraph, name: str, low: int, high: int) -> Number:
    """The input called `name`, with values from `low` to `high`."""
    return low if low == high else GraphNumber(graph, graph.add(OperationKind.INPUT, (), (low, high), name))


def as_number(value: Any) -> Any:
    """`value` as an int or a number of a graph; 1 or 0 for a truth value, None for anything else."""
    if isinstance(value, GraphNumber):
        return value
    if isinstance(value, GraphCondition):
        return choose(value, 1, 0)
    return int(value) if isinstance(value, int) else None


def _as_truth(value: Any) -> Truth:
    return value if isinstance(value, GraphCondition) else bool(value)
