"""Reorders sums and products: first the parts that depend on only one side of the inputs.

These are computed once for many points. Integers are exact in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

from convcost.search.graph.expression_graph import ExpressionGraph, OperationKind
from convcost.search.graph.graph_numbers import GraphNumber
from convcost.search.graph.graph_results import bounds_of, operation_number
from convcost.search.graph.sql import LARGEST

Side = Callable[[int], str]
"""The side of the inputs that an operation depends on; "" if several, or none."""


def regroup(graph: ExpressionGraph, wanted: Sequence[int], side: Side) -> list[int]:
    """Operations equal to `wanted`, with sums and products grouped by side."""
    uses: Counter[int] = Counter(wanted)
    needed = graph.needed(wanted)
    for number in needed:
        uses.update({*graph[number].operands})
    work = _Regrouping(graph, side, uses)
    for number in needed:
        work.found[number] = work.regroup_operation(number)
    return [work.found[number] for number in wanted]


class _Regrouping:
    def __init__(self, graph: ExpressionGraph, side: Side, uses: Counter[int]) -> None:
        self.graph = graph
        self.side = side
        self.uses = uses
        self.found: dict[int, int] = {}

    def regroup_operation(self, number: int) -> int:
        """An equal operation on regrouped operands."""
        operation = self.graph[number]
        if self.side(number) or not operation.operands:
            return number
        if operation.kind is OperationKind.MULTIPLY:
            factors = [*self._factors(number)]
            return self._of_groups(number, factors, lambda one, other: one * other)
        if operation.kind in (OperationKind.ADD, OperationKind.SUBTRACT):
            terms = [*self._terms(number, 1)]
            return self._of_groups(number, terms, lambda one, other: one + other)
        return self._rebuilt(number)

    def _rebuilt(self, number: int) -> int:
        kind, operands, low, high, _, value = self.graph[number]
        return self.graph.add(kind, tuple(self.found[each] for each in operands), (low, high), value)

    def _of_groups(self, number: int, parts: list[Any], combine: Callable[[Any, Any], Any]) -> int:
        """Combine the parts of each side, then the sides; unchanged if a result could be too large.

        Constants are added to one of the sides.
        """
        groups: dict[str, list[Any]] = {}
        sides = (self.side(part.number) for part in parts if not isinstance(part, int))
        last = max(sides, default="")
        for part in sorted(parts, key=_order):
            side = last if isinstance(part, int) else self.side(part.number)
            groups.setdefault(side, []).append(part)
        if len(groups) < len(parts):
            sides_combined = [reduce(combine, group) for name, group in groups.items() if name]
            every = reduce(combine, [*sides_combined, *groups.get("", [])])
            within = (max(map(abs, bounds_of(each))) <= LARGEST for each in (*sides_combined, every))
            if all(within):
                return operation_number(self.graph, every)
        return self._rebuilt(number)

    def _factors(self, number: int) -> Iterator[Any]:
        """The factors, including those of inner products that are used nowhere else."""
        for operand in self.graph[number].operands:
            if self._is_inner(operand, OperationKind.MULTIPLY):
                yield from self._factors(operand)
            else:
                yield self._part(operand)

    def _terms(self, number: int, sign: int) -> Iterator[Any]:
        """The terms, including those of inner sums and differences that are used nowhere else."""
        kind, operands = self.graph[number][:2]
        for operand, operand_sign in zip(
            operands, (sign, -sign if kind is OperationKind.SUBTRACT else sign), strict=True
        ):
            if self._is_inner(operand, OperationKind.ADD, OperationKind.SUBTRACT):
                yield from self._terms(operand, operand_sign)
            else:
                part = self._part(operand)
                yield part if operand_sign > 0 else -part

    def _is_inner(self, number: int, *kinds: OperationKind) -> bool:
        return self.graph[number].kind in kinds and (self.uses[number] == 1 or bool(self.side(number)))

    def _part(self, number: int) -> Any:
        """An operand: an int, or a number of the graph."""
        found = self.found[number]
        operation = self.graph[found]
        return (
            int(operation.value)
            if operation.kind is OperationKind.CONSTANT
            else GraphNumber(self.graph, found)
        )


def _order(part: Any) -> int:
    """The sort key of a part, for a canonical order with constants last."""
    return part.number if isinstance(part, GraphNumber) else LARGEST
