"""Integers and truth values that add what is computed with them to an expression graph.

A layer's formula takes them as it takes ints and columns. As for a column, a quotient by 0 is 0.
"""

from __future__ import annotations

from math import prod
from numbers import Integral
from typing import Any, TypeAlias

from convcost.search.graph.expression_graph import ExpressionGraph, GraphOperation, Kind
from convcost.search.varied_int import VariedInt

Number: TypeAlias = "int | GraphNumber"
Truth: TypeAlias = "bool | GraphCondition"
Bounds: TypeAlias = tuple[int, int]


class OpenConditionError(Exception):
    """Code branches on a condition that is true for some inputs only: evaluate each branch separately."""

    def __init__(self, condition: int) -> None:
        super().__init__()
        self.condition = condition


class _Result:
    """The result of operation `number` of `graph`."""

    __slots__ = ("graph", "number")

    __array_ufunc__ = None

    def __init__(self, graph: ExpressionGraph, number: int) -> None:
        self.graph = graph
        self.number = number

    @property
    def operation(self) -> GraphOperation:
        """The operation."""
        return self.graph[self.number]

    @property
    def bounds(self) -> Bounds:
        """The least and the largest number possible."""
        return self.operation.low, self.operation.high

    def __str__(self) -> str:
        return "?"


class GraphNumber(_Result):
    """An integer."""

    __slots__ = ()

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Any:
        if (right := as_number(other)) is None:
            return NotImplemented
        if isinstance(right, int):
            return self if right == 0 else _add(self, right)
        if _is_absolute_of(right, self):
            return 2 * larger(self, 0)
        if _is_absolute_of(self, right):
            return 2 * larger(right, 0)
        return 2 * self if right.number == self.number else _add(self, right)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else _subtract(self, right)

    def __rsub__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else _subtract(left, self)

    def __mul__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else _multiply(self, right)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Number:
        return prod([self] * exponent)

    def __neg__(self) -> Any:
        return _multiply(self, -1)

    def __abs__(self) -> Number:
        low, high = self.bounds
        if low >= 0:
            return self
        if high <= 0:
            return -self  # type: ignore[no-any-return]
        return _number(self.graph, Kind.ABSOLUTE, (self,), (0, max(-low, high)))

    def __floordiv__(self, other: Any) -> Any:
        """Rounded down; 0 where the divisor is 0."""
        right = as_number(other)
        return NotImplemented if right is None else _quotient(self, right)

    def __rfloordiv__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else _quotient(left, self)

    def __mod__(self, other: Any) -> Any:
        right = as_number(other)
        return NotImplemented if right is None else _modulo(self, right)

    def __rmod__(self, other: Any) -> Any:
        left = as_number(other)
        return NotImplemented if left is None else _modulo(left, self)

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


class GraphCondition(_Result):
    """Whether something holds; an `if` takes it where that was decided."""

    __slots__ = ()

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        number = self.number
        is_negated = self.operation.kind is Kind.NOT
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


def constant(graph: ExpressionGraph, value: int) -> GraphNumber:
    """A number that is the same everywhere."""
    value = int(value)
    return GraphNumber(graph, graph.add(Kind.CONSTANT, (), (value, value), value))


def given_number(graph: ExpressionGraph, name: str, low: int, high: int) -> Number:
    """The input of that name, whose values are from `low` to `high`."""
    return low if low == high else GraphNumber(graph, graph.add(Kind.INPUT, (), (low, high), name))


def as_number(value: Any) -> Any:
    """An int or a number of a graph; 1 or 0 for a truth value, None for anything else."""
    if isinstance(value, GraphNumber):
        return value
    if isinstance(value, GraphCondition):
        return choose(value, 1, 0)
    return int(value) if isinstance(value, int) else None


def _as_truth(value: Any) -> Truth:
    return value if isinstance(value, GraphCondition) else bool(value)


def bounds_of(value: Number) -> Bounds:
    """The least and the largest number possible."""
    return (int(value), int(value)) if isinstance(value, int) else value.bounds


def inputs_of(value: Number | Truth) -> frozenset[str]:
    """The names of the inputs that it depends on."""
    return value.operation.inputs if isinstance(value, _Result) else frozenset()


def operation_number(graph: ExpressionGraph, value: Number | Truth) -> int:
    """The number of the operation that `value` is the result of."""
    if isinstance(value, _Result):
        return value.number
    if isinstance(value, bool):
        one = operation_number(graph, 1)
        return graph.add(Kind.EQUAL, (one, operation_number(graph, int(value))), (int(value), int(value)))
    return constant(graph, value).number


def _number(graph: ExpressionGraph, kind: Kind, sides: tuple[Any, ...], bounds: Bounds) -> Number:
    """The result of an operation; an int where its bounds leave one."""
    low, high = bounds
    if low == high:
        return VariedInt(low)
    return GraphNumber(graph, graph.add(kind, tuple(operation_number(graph, side) for side in sides), bounds))


def _varied(value: Number) -> Number:
    """`value`, which other sizes would make another one."""
    return VariedInt(value) if isinstance(value, int) else value


def _graph_of(*sides: Any) -> ExpressionGraph:
    return next(side.graph for side in sides if isinstance(side, _Result))


def _same(first: Any, second: Any) -> bool:
    """Whether both are one int, or one operation."""
    if isinstance(first, int) or isinstance(second, int):
        return isinstance(first, int) and isinstance(second, int) and first == second
    return bool(first.number == second.number)


def _operands(value: Any, kind: Kind) -> tuple[Number, ...]:
    """What `value` is computed from, if by an operation of that kind."""
    if not isinstance(value, GraphNumber) or value.operation.kind is not kind:
        return ()
    found = (GraphNumber(value.graph, operand) for operand in value.operation.operands)
    return tuple(_plain(each) for each in found)


def _plain(value: GraphNumber) -> Number:
    operation = value.operation
    return int(operation.value) if operation.kind is Kind.CONSTANT else value


def _is_absolute_of(value: GraphNumber, other: GraphNumber) -> bool:
    operation = value.operation
    return operation.kind is Kind.ABSOLUTE and operation.operands == (other.number,)


def _add(first: GraphNumber, second: Number) -> Number:
    """A sum; a + max(b − a, 0) is max(a, b)."""
    for one, other in ((first, second), (second, first)):
        if (difference := _positive_part(other)) and _same(difference[1], one):
            return larger(one, difference[0])
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    return _number(first.graph, Kind.ADD, (first, second), (low + least, high + most))


def _subtract(first: Any, second: Any) -> Number:
    """A difference; a − max(a − b, 0) is min(a, b)."""
    if _same(first, second):
        return 0
    if isinstance(second, int):
        return first + -second  # type: ignore[no-any-return]
    if (difference := _positive_part(second)) and _same(difference[0], first):
        return smaller(first, difference[1])
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    return _number(_graph_of(first, second), Kind.SUBTRACT, (first, second), (low - most, high - least))


def _positive_part(value: Any) -> tuple[Number, ...]:
    """The a and b of max(a − b, 0)."""
    sides = _operands(value, Kind.LARGER)
    if not sides or not _same(sides[1], 0):
        return ()
    if (sum_ := _operands(sides[0], Kind.ADD)) and isinstance(sum_[1], int):
        return sum_[0], -sum_[1]
    return _operands(sides[0], Kind.SUBTRACT)


def _multiply(first: GraphNumber, second: Number) -> Number:
    if isinstance(second, int):
        if second in {0, 1}:
            return first if second else 0
        if (factors := _operands(first, Kind.MULTIPLY)) and isinstance(factors[1], int):
            first, second = factors[0], factors[1] * second  # type: ignore[assignment]
            return _multiply(first, second)
    corners = [one * other for one in bounds_of(first) for other in bounds_of(second)]
    return _number(first.graph, Kind.MULTIPLY, (first, second), (min(corners), max(corners)))


def smaller(first: Any, second: Any) -> Number:
    """The smaller one of both."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if high <= least or most <= low:
        return _varied(first if high <= least else second)
    return _number(
        _graph_of(first, second), Kind.SMALLER, (first, second), (min(low, least), min(high, most))
    )


def larger(first: Any, second: Any) -> Number:
    """The larger one of both."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if low >= most or least >= high:
        return _varied(first if low >= most else second)
    return _number(_graph_of(first, second), Kind.LARGER, (first, second), (max(low, least), max(high, most)))


def _quotient(dividend: Number, divisor: Number) -> Any:
    """dividend / divisor, rounded down."""
    least, most = bounds_of(divisor)
    if least == most == 0:
        raise ZeroDivisionError
    if most < 0:
        return _quotient_by_positive(-dividend, -divisor)
    if least > 0:
        return _quotient_by_positive(dividend, divisor)
    if most == 0:
        by_negative = _quotient_by_positive(-dividend, larger(-divisor, 1))
        return choose(equal(divisor, 0), 0, by_negative)
    found = choose(equal(divisor, 0), 0, _quotient_by_positive(dividend, larger(divisor, 1)))
    if least == 0:
        return found
    return choose(less(divisor, 0), _quotient_by_positive(-dividend, larger(-divisor, 1)), found)


def _quotient_by_positive(dividend: Any, divisor: Any) -> Any:
    """By what is above 0: a dividend that may be negative gets a multiple of the divisor added before."""
    if isinstance(divisor, int):
        if divisor == 1 or isinstance(dividend, int):
            return dividend // divisor if divisor != 1 else dividend
        factors = _operands(dividend, Kind.MULTIPLY)
        if factors and isinstance(factors[1], int) and factors[1] % divisor == 0:
            return factors[0] * (factors[1] // divisor)
    (low, high), (least, most) = bounds_of(dividend), bounds_of(divisor)
    corners = [end // by for end in (low, high) for by in (least, most)]
    bounds = min(corners), max(corners)
    if low >= 0:
        return _number(_graph_of(dividend, divisor), Kind.DIVIDE, (dividend, divisor), bounds)
    shift = -(low // least)
    shifted = _quotient_by_positive(dividend + divisor * shift, divisor)
    return within(shifted - shift, bounds)


def within(value: Any, bounds: Bounds) -> Number:
    """`value`, which is known to be within `bounds` too."""
    if isinstance(value, int):
        return value
    low, high = max(value.bounds[0], bounds[0]), min(value.bounds[1], bounds[1])
    graph: ExpressionGraph = value.graph
    graph.operations[value.number] = value.operation._replace(low=low, high=high)
    return value  # type: ignore[no-any-return]


def _modulo(dividend: Any, divisor: Any) -> Any:
    """dividend − ⌊dividend / divisor⌋ · divisor."""
    (low, high), (least, most) = bounds_of(dividend), bounds_of(divisor)
    if least == most == 0:
        raise ZeroDivisionError
    if least <= 0:
        return dividend - _quotient(dividend, divisor) * divisor
    if low >= 0:
        if high < least:
            return dividend
        bounds = (0, min(high, most - 1))
        return _number(_graph_of(dividend, divisor), Kind.MODULO, (dividend, divisor), bounds)
    return _modulo(dividend + divisor * -(low // least), divisor)


def less(first: Any, second: Any) -> Truth:
    """first < second; a bool where the bounds tell, or where it was decided."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if high < least or low >= most or _same(first, second):
        return high < least
    return _condition(Kind.LESS, first, second)


def equal(first: Any, second: Any) -> Truth:
    """first = second; a bool where the bounds tell, or where it was decided."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if _same(first, second) or high < least or low > most:
        return _same(first, second)
    return _condition(Kind.EQUAL, first, second)


def _condition(kind: Kind, *sides: Any) -> Truth:
    graph = _graph_of(*sides)
    number = graph.add(kind, tuple(operation_number(graph, side) for side in sides))
    decided = graph.decisions.get(number)
    return GraphCondition(graph, number) if decided is None else decided


def negation(condition: Truth) -> Truth:
    """Whether it does not hold."""
    if isinstance(condition, bool):
        return not condition
    if condition.operation.kind is Kind.NOT:
        return GraphCondition(condition.graph, condition.operation.operands[0])
    return _condition(Kind.NOT, condition)


def conjunction(first: Truth, second: Truth) -> Truth:
    """Whether both hold."""
    if isinstance(first, bool):
        return second if first else False
    if isinstance(second, bool):
        return first if second else False
    return first if first.number == second.number else _condition(Kind.AND, first, second)


def choose(condition: Truth, first: Any, second: Any) -> Any:
    """`first` where the condition holds, `second` elsewhere: both numbers, or both truth values."""
    if isinstance(condition, bool):
        return first if condition else second
    if all(isinstance(side, bool | GraphCondition) for side in (first, second)):
        return (condition & first) | (negation(condition) & second)
    if _same(first, second):
        return first
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    bounds = min(low, least), max(high, most)
    return _number(condition.graph, Kind.CHOOSE, (condition, first, second), bounds)
