"""Sums and products put in another order: first what depends on one part of the inputs alone.

That is computed once for many points. Integers are exact in any order.
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
"""Which part of the inputs an operation depends on alone; "" if on several, or on none."""


def regroup(graph: ExpressionGraph, wanted: Sequence[int], side: Side) -> list[int]:
    """The `wanted` operations, as operations of the graph whose sums and products are by sides."""
    uses: Counter[int] = Counter(wanted)
    needed = graph.needed(wanted)
    for number in needed:
        uses.update({*graph[number].operands})
    work = _Regrouping(graph, side, uses)
    for number in needed:
        work.found[number] = work.regrouped(number)
    return [work.found[number] for number in wanted]


class _Regrouping:
    def __init__(self, graph: ExpressionGraph, side: Side, uses: Counter[int]) -> None:
        self.graph = graph
        self.side = side
        self.uses = uses
        self.found: dict[int, int] = {}

    def regrouped(self, number: int) -> int:
        """The operation on regrouped operands."""
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
        """The parts of each side together, then the sides; as it was where that could be too large.

        Constants go to one of the sides.
        """
        groups: dict[str, list[Any]] = {}
        sides = (self.side(part.number) for part in parts if not isinstance(part, int))
        last = max(sides, default="")
        for part in sorted(parts, key=_order):
            side = last if isinstance(part, int) else self.side(part.number)
            groups.setdefault(side, []).append(part)
        if len(groups) < len(parts):
            alone = [reduce(combine, group) for name, group in groups.items() if name]
            every = reduce(combine, [*alone, *groups.get("", [])])
            within = (max(map(abs, bounds_of(each))) <= LARGEST for each in (*alone, every))
            if all(within):
                return operation_number(self.graph, every)
        return self._rebuilt(number)

    def _factors(self, number: int) -> Iterator[Any]:
        """What is multiplied, through products that are needed nowhere else."""
        for operand in self.graph[number].operands:
            if self._is_inner(operand, OperationKind.MULTIPLY):
                yield from self._factors(operand)
            else:
                yield self._part(operand)

    def _terms(self, number: int, sign: int) -> Iterator[Any]:
        """What is added, through sums and differences that are needed nowhere else."""
        kind, operands = self.graph[number][:2]
        for operand, of in zip(
            operands, (sign, -sign if kind is OperationKind.SUBTRACT else sign), strict=True
        ):
            if self._is_inner(operand, OperationKind.ADD, OperationKind.SUBTRACT):
                yield from self._terms(operand, of)
            else:
                part = self._part(operand)
                yield part if of > 0 else -part

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
    """So that one product has its factors in one order; constants are last."""
    return part.number if isinstance(part, GraphNumber) else LARGEST
