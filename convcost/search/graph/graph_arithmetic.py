"""Arithmetic on numbers of an expression graph, with bounds of results."""

from __future__ import annotations

from typing import Any

from convcost.search.graph.expression_graph import ExpressionGraph, OperationKind
from convcost.search.graph.graph_conditions import choose, equal, less
from convcost.search.graph.graph_results import (
    Bounds,
    Number,
    as_varied,
    bounded_number,
    bounds_of,
    graph_of,
    is_same,
    operands_of,
)


def add(first: Any, second: Any) -> Number:
    """A sum; a + a is 2·a, a + |a| is 2·max(a, 0), and a + max(b − a, 0) is max(a, b)."""
    if is_same(second, 0):
        return first  # type: ignore[no-any-return]
    if is_same(first, second):
        return multiply(first, 2)
    for one, other in ((first, second), (second, first)):
        if (inner := operands_of(other, OperationKind.ABSOLUTE)) and is_same(inner[0], one):
            return multiply(larger(one, 0), 2)
    for one, other in ((first, second), (second, first)):
        if (difference := _positive_part(other)) and is_same(difference[1], one):
            return larger(one, difference[0])
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    return bounded_number(first.graph, OperationKind.ADD, (first, second), (low + least, high + most))


def subtract(first: Any, second: Any) -> Number:
    """A difference; a − max(a − b, 0) is min(a, b)."""
    if is_same(first, second):
        return 0
    if isinstance(second, int):
        return first + -second  # type: ignore[no-any-return]
    if (difference := _positive_part(second)) and is_same(difference[0], first):
        return smaller(first, difference[1])
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    return bounded_number(
        graph_of(first, second), OperationKind.SUBTRACT, (first, second), (low - most, high - least)
    )


def _positive_part(value: Any) -> tuple[Number, ...]:
    """The a and b of max(a − b, 0)."""
    sides = operands_of(value, OperationKind.LARGER)
    if not sides or not is_same(sides[1], 0):
        return ()
    if (sum_ := operands_of(sides[0], OperationKind.ADD)) and isinstance(sum_[1], int):
        return sum_[0], -sum_[1]
    return operands_of(sides[0], OperationKind.SUBTRACT)


def multiply(first: Any, second: Any) -> Number:
    """A product; constant factors are combined."""
    if isinstance(second, int):
        if second in {0, 1}:
            return first if second else 0
        if (factors := operands_of(first, OperationKind.MULTIPLY)) and isinstance(factors[1], int):
            first, second = factors[0], factors[1] * second
            return multiply(first, second)
    corners = [one * other for one in bounds_of(first) for other in bounds_of(second)]
    return bounded_number(first.graph, OperationKind.MULTIPLY, (first, second), (min(corners), max(corners)))


def smaller(first: Any, second: Any) -> Number:
    """The smaller of two numbers."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if high <= least or most <= low:
        return as_varied(first if high <= least else second)
    return bounded_number(
        graph_of(first, second), OperationKind.SMALLER, (first, second), (min(low, least), min(high, most))
    )


def larger(first: Any, second: Any) -> Number:
    """The larger of two numbers."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if low >= most or least >= high:
        return as_varied(first if low >= most else second)
    return bounded_number(
        graph_of(first, second), OperationKind.LARGER, (first, second), (max(low, least), max(high, most))
    )


def quotient(dividend: Number, divisor: Number) -> Any:
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
    """Division by a positive number; a possibly negative dividend is shifted by a multiple of the divisor."""
    if isinstance(divisor, int):
        if divisor == 1 or isinstance(dividend, int):
            return dividend // divisor if divisor != 1 else dividend
        factors = operands_of(dividend, OperationKind.MULTIPLY)
        if factors and isinstance(factors[1], int) and factors[1] % divisor == 0:
            return factors[0] * (factors[1] // divisor)
    (low, high), (least, most) = bounds_of(dividend), bounds_of(divisor)
    corners = [end // by for end in (low, high) for by in (least, most)]
    bounds = min(corners), max(corners)
    if low >= 0:
        return bounded_number(graph_of(dividend, divisor), OperationKind.DIVIDE, (dividend, divisor), bounds)
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


def modulo(dividend: Any, divisor: Any) -> Any:
    """dividend − ⌊dividend / divisor⌋ · divisor."""
    (low, high), (least, most) = bounds_of(dividend), bounds_of(divisor)
    if least == most == 0:
        raise ZeroDivisionError
    if least <= 0:
        return dividend - quotient(dividend, divisor) * divisor
    if low >= 0:
        if high < least:
            return dividend
        bounds = (0, min(high, most - 1))
        return bounded_number(graph_of(dividend, divisor), OperationKind.MODULO, (dividend, divisor), bounds)
    return modulo(dividend + divisor * -(low // least), divisor)
