"""Integer arithmetic as a graph: every operation once, with bounds of its result.

A database evaluates it for many sizes (`sql.py`); `ExpressionGraph.evaluate` does so for one, with Python
integers. Division rounds towards zero in SQL and down in Python, so `graph_numbers.py` only divides
non-negative by positive numbers, where both agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from convcost.core.errors import UsageError


class EngineLimitError(UsageError):
    """A database can't evaluate this; NumPy can, if the grid is not too large."""


MOST_OPERATIONS = 50_000
"""The most operations of a graph: a database plans each one."""


class OperationKind(Enum):
    """The kind of an operation; those in BOOLEAN_KINDS have truth values as results."""

    INPUT = "input"
    CONSTANT = "constant"
    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    DIVIDE = "divide"
    MODULO = "modulo"
    ABSOLUTE = "absolute"
    SMALLER = "smaller"
    LARGER = "larger"
    CHOOSE = "choose"
    LESS = "less"
    EQUAL = "equal"
    AND = "and"
    OR = "or"
    NOT = "not"


BOOLEAN_KINDS = frozenset(
    {OperationKind.LESS, OperationKind.EQUAL, OperationKind.AND, OperationKind.OR, OperationKind.NOT}
)
"""Kinds whose result is a truth value."""


class GraphOperation(NamedTuple):
    """An operation on the results of others; its own result is from `low` to `high`.

    `value` is the value of a constant, or the name of an input. `inputs` are the names of the inputs that the
    result depends on, which `rename_inputs` can replace.
    """

    kind: OperationKind
    operands: tuple[int, ...]
    low: int
    high: int
    inputs: frozenset[str] = frozenset()
    value: int | str = 0


PYTHON_FUNCTIONS: Mapping[OperationKind, Callable[..., Any]] = {
    OperationKind.ADD: operator.add,
    OperationKind.SUBTRACT: operator.sub,
    OperationKind.MULTIPLY: operator.mul,
    OperationKind.DIVIDE: operator.floordiv,
    OperationKind.MODULO: operator.mod,
    OperationKind.ABSOLUTE: abs,
    OperationKind.SMALLER: min,
    OperationKind.LARGER: max,
    OperationKind.CHOOSE: lambda condition, first, second: first if condition else second,
    OperationKind.LESS: operator.lt,
    OperationKind.EQUAL: operator.eq,
    OperationKind.AND: lambda first, second: first and second,
    OperationKind.OR: lambda first, second: first or second,
    OperationKind.NOT: operator.not_,
}
"""The Python function of each operation."""


class ExpressionGraph:
    """Operations by number, each on earlier ones, without duplicates.

    `decisions` are the truth values of conditions that running code branches on.
    """

    def __init__(self) -> None:
        self.operations: list[GraphOperation] = []
        self.decisions: Mapping[int, bool] = {}
        self._known: dict[tuple[OperationKind, tuple[int, ...], int | str], int] = {}

    def __getitem__(self, number: int) -> GraphOperation:
        return self.operations[number]

    def add(
        self,
        kind: OperationKind,
        operands: tuple[int, ...] = (),
        bounds: tuple[int, int] = (0, 1),
        value: int | str = 0,
    ) -> int:
        """The number of the operation, which is added if the graph does not have it."""
        key = kind, operands, value
        if key not in self._known:
            if len(self.operations) >= MOST_OPERATIONS:
                message = f"the formulas have more than {MOST_OPERATIONS:,} operations"
                raise EngineLimitError(message, hint='Use engine="numpy".', cli_hint="Use --engine numpy.")
            names = (self.operations[operand].inputs for operand in operands)
            inputs = (
                frozenset({str(value)}) if kind is OperationKind.INPUT else frozenset[str]().union(*names)
            )
            self._known[key] = len(self.operations)
            self.operations.append(GraphOperation(kind, operands, *bounds, inputs, value))
        return self._known[key]

    def rename_inputs(self, number: int, name: str) -> None:
        """Replace the inputs of an operation by `name`, for later operations that depend on it."""
        self.operations[number] = self.operations[number]._replace(inputs=frozenset({name}))

    def needed(self, wanted: Iterable[int], known: Iterable[int] = ()) -> list[int]:
        """The operations to compute for `wanted`, in order, given the results of `known`."""
        found: set[int] = set()
        known_numbers = set(known)
        waiting = [*wanted]
        while waiting:
            number = waiting.pop()
            if number not in found and number not in known_numbers:
                found.add(number)
                waiting += self.operations[number].operands
        return sorted(found)

    def evaluate(self, wanted: Sequence[int], inputs: Mapping[str, int]) -> list[Any]:
        """The results of `wanted`, ints or bools, for these values of inputs."""
        results: dict[int, Any] = {}
        for number in self.needed(wanted):
            kind, operands, *_, value = self.operations[number]
            if kind is OperationKind.INPUT:
                results[number] = inputs[str(value)]
            elif kind is OperationKind.CONSTANT:
                results[number] = value
            else:
                results[number] = PYTHON_FUNCTIONS[kind](*(results[operand] for operand in operands))
        return [results[number] for number in wanted]

    def conjuncts(self, condition: int) -> Iterator[int]:
        """The conditions whose conjunction is `condition`."""
        operation = self.operations[condition]
        if operation.kind is not OperationKind.AND:
            yield condition
            return
        for operand in operation.operands:
            yield from self.conjuncts(operand)
