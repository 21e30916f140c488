"""Comparisons and choices of numbers of an expression graph, decided early where bounds suffice."""

from __future__ import annotations

from typing import Any

from convcost.search.graph.expression_graph import OperationKind
from convcost.search.graph.graph_results import (
    Truth,
    bounded_number,
    bounds_of,
    graph_of,
    is_same,
    is_truth,
    operation_number,
    result_of,
)


def less(first: Any, second: Any) -> Truth:
    """first < second; a bool if bounds or decisions determine it."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if high < least or low >= most or is_same(first, second):
        return high < least
    return _condition(OperationKind.LESS, first, second)


def equal(first: Any, second: Any) -> Truth:
    """first = second; a bool if bounds or decisions determine it."""
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    if is_same(first, second) or high < least or low > most:
        return is_same(first, second)
    return _condition(OperationKind.EQUAL, first, second)


def not_less(first: Any, second: Any) -> Truth:
    """first ≥ second."""
    return negation(less(first, second))


def not_equal(first: Any, second: Any) -> Truth:
    """first ≠ second."""
    return negation(equal(first, second))


def _condition(kind: OperationKind, *sides: Any) -> Truth:
    graph = graph_of(*sides)
    number = graph.add(kind, tuple(operation_number(graph, side) for side in sides))
    decided = graph.decisions.get(number)
    return result_of(graph, number) if decided is None else decided


def negation(condition: Truth) -> Truth:
    """The negation of a condition."""
    if isinstance(condition, bool):
        return not condition
    if condition.operation.kind is OperationKind.NOT:
        return result_of(condition.graph, condition.operation.operands[0])  # type: ignore[no-any-return]
    return _condition(OperationKind.NOT, condition)


def conjunction(first: Truth, second: Truth) -> Truth:
    """The conjunction of two conditions."""
    if isinstance(first, bool):
        return second if first else False
    if isinstance(second, bool):
        return first if second else False
    return first if first.number == second.number else _condition(OperationKind.AND, first, second)


def choose(condition: Truth, first: Any, second: Any) -> Any:
    """`first` where the condition holds, else `second`: both numbers, or both truth values."""
    if isinstance(condition, bool):
        return first if condition else second
    if is_truth(first) and is_truth(second):
        return (condition & first) | (negation(condition) & second)
    if is_same(first, second):
        return first
    (low, high), (least, most) = bounds_of(first), bounds_of(second)
    bounds = min(low, least), max(high, most)
    return bounded_number(condition.graph, OperationKind.CHOOSE, (condition, first, second), bounds)
