"""Integer arithmetic as a graph: every operation once, with the bounds of its result.

A database evaluates it for many sizes (`sql.py`); `ExpressionGraph.evaluate` does so for one, in Python's
integers. Division rounds towards zero in SQL and down in Python: `graph_numbers.py` only divides what is not
negative by what is positive, where both agree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from convcost.core.errors import UsageError


class EngineLimitError(UsageError):
    """A database can't evaluate this; NumPy's columns can, if the grid is not too large."""


MOST_OPERATIONS = 50_000
"""Of a graph: a database plans each one."""


class OperationKind(Enum):
    """What an operation does. The first is a given number, the second a constant; some give a truth value."""

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
    """An operation on the results of others, whose own result is from `low` to `high`.

    `value` is what a constant is, and the name of an input. `inputs` are the names of those that the result
    depends on, or of what was put in their place.
    """

    kind: OperationKind
    operands: tuple[int, ...]
    low: int
    high: int
    inputs: frozenset[str] = frozenset()
    value: int | str = 0


IN_PYTHON: Mapping[OperationKind, Callable[..., Any]] = {
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
"""What each operation is for Python's integers."""


class ExpressionGraph:
    """Operations by number, each on earlier ones; two that are alike are one.

    `decisions` has the conditions that are taken as true or false while code runs that branches on them.
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
        """The number of the operation, which is new unless the graph has it."""
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
        """Let what is computed from now on with the operation depend on `name` in place of its inputs."""
        self.operations[number] = self.operations[number]._replace(inputs=frozenset({name}))

    def needed(self, wanted: Iterable[int], known: Iterable[int] = ()) -> list[int]:
        """What has to be computed for `wanted`, in order, where the results of `known` are there."""
        found: set[int] = set()
        outside = set(known)
        waiting = [*wanted]
        while waiting:
            number = waiting.pop()
            if number not in found and number not in outside:
                found.add(number)
                waiting += self.operations[number].operands
        return sorted(found)

    def evaluate(self, wanted: Sequence[int], inputs: Mapping[str, int]) -> list[Any]:
        """The results of `wanted`, each an int or a bool, where the inputs have these values."""
        results: dict[int, Any] = {}
        for number in self.needed(wanted):
            kind, operands, *_, value = self.operations[number]
            if kind is OperationKind.INPUT:
                results[number] = inputs[str(value)]
            elif kind is OperationKind.CONSTANT:
                results[number] = value
            else:
                results[number] = IN_PYTHON[kind](*(results[operand] for operand in operands))
        return [results[number] for number in wanted]

    def conjuncts(self, condition: int) -> Iterator[int]:
        """The conditions that all have to hold for it to hold."""
        operation = self.operations[condition]
        if operation.kind is not OperationKind.AND:
            yield condition
            return
        for operand in operation.operands:
            yield from self.conjuncts(operand)
