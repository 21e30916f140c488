"""Results of operations of an expression graph: their bounds, inputs and equality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.search.graph.expression_graph import (
    BOOLEAN_KINDS,
    ExpressionGraph,
    GraphOperation,
    OperationKind,
)
from convcost.search.varied_int import VariedInt

if TYPE_CHECKING:
    from convcost.search.graph.graph_numbers import GraphCondition, GraphNumber

Number: TypeAlias = "int | GraphNumber"
Truth: TypeAlias = "bool | GraphCondition"
Bounds: TypeAlias = tuple[int, int]

RESULT_CLASSES: dict[bool, Any] = {}
"""The classes of truth values and of numbers, whose operators need the functions defined here."""


class OperationResult:
    """The result of operation `number` of `graph`."""

    __slots__ = ("graph", "number")

    __array_ufunc__ = None

    def __init_subclass__(cls, of_truth: bool) -> None:
        RESULT_CLASSES[of_truth] = cls

    def __init__(self, graph: ExpressionGraph, number: int) -> None:
        self.graph = graph
        self.number = number

    @property
    def operation(self) -> GraphOperation:
        """The operation."""
        return self.graph[self.number]

    @property
    def bounds(self) -> Bounds:
        """The smallest and the largest possible value."""
        return self.operation.low, self.operation.high

    def __str__(self) -> str:
        return "?"


def result_of(graph: ExpressionGraph, number: int) -> Any:
    """The result of operation `number`: a `GraphNumber`, or a `GraphCondition`."""
    return RESULT_CLASSES[graph[number].kind in BOOLEAN_KINDS](graph, number)


def is_truth(value: Any) -> bool:
    """Whether `value` is a truth value."""
    return isinstance(value, bool) or (
        isinstance(value, OperationResult) and value.operation.kind in BOOLEAN_KINDS
    )


def bounds_of(value: Number) -> Bounds:
    """The smallest and the largest possible value."""
    return (int(value), int(value)) if isinstance(value, int) else value.bounds


def inputs_of(value: Number | Truth) -> frozenset[str]:
    """The names of the inputs that `value` depends on."""
    return value.operation.inputs if isinstance(value, OperationResult) else frozenset()


def constant(graph: ExpressionGraph, value: int) -> GraphNumber:
    """A constant of the graph."""
    value = int(value)
    return result_of(graph, graph.add(OperationKind.CONSTANT, (), (value, value), value))  # type: ignore[no-any-return]


def operation_number(graph: ExpressionGraph, value: Number | Truth) -> int:
    """The number of the operation whose result is `value`."""
    if isinstance(value, OperationResult):
        return value.number
    if isinstance(value, bool):
        one = operation_number(graph, 1)
        return graph.add(
            OperationKind.EQUAL, (one, operation_number(graph, int(value))), (int(value), int(value))
        )
    return constant(graph, value).number


def bounded_number(
    graph: ExpressionGraph, kind: OperationKind, sides: tuple[Any, ...], bounds: Bounds
) -> Number:
    """The result of an operation; an int if its bounds are equal."""
    low, high = bounds
    if low == high:
        return VariedInt(low)
    return result_of(graph, graph.add(kind, tuple(operation_number(graph, side) for side in sides), bounds))  # type: ignore[no-any-return]


def as_varied(value: Number) -> Number:
    """`value`, marked as an int that depends on sizes."""
    return VariedInt(value) if isinstance(value, int) else value


def graph_of(*sides: Any) -> ExpressionGraph:
    """The graph of the first operand that is not an int."""
    return next(side.graph for side in sides if isinstance(side, OperationResult))


def is_same(first: Any, second: Any) -> bool:
    """Whether both are the same int, or the same operation."""
    if isinstance(first, int) or isinstance(second, int):
        return isinstance(first, int) and isinstance(second, int) and first == second
    return bool(first.number == second.number)


def operands_of(value: Any, kind: OperationKind) -> tuple[Number, ...]:
    """The operands of `value`, if it is an operation of this kind; else empty."""
    if not isinstance(value, OperationResult) or value.operation.kind is not kind:
        return ()
    found = (result_of(value.graph, operand) for operand in value.operation.operands)
    return tuple(_plain(each) for each in found)


def _plain(value: GraphNumber) -> Number:
    operation = value.operation
    return int(operation.value) if operation.kind is OperationKind.CONSTANT else value
