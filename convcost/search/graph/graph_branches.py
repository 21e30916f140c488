"""Evaluates a design once for all sizes, as a graph; where code branches on a condition, each branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from convcost.core.constraints import NumberNeeded, Requirement, single_requirements
from convcost.core.errors import ConvcostError, UnboundSizeError
from convcost.search.design import EvaluableDesign
from convcost.search.evaluator import ColumnEvaluator
from convcost.search.graph.expression_graph import EngineLimitError, ExpressionGraph, OperationKind
from convcost.search.graph.graph_conditions import choose, conjunction, equal, negation
from convcost.search.graph.graph_numbers import GraphCondition, GraphNumber, OpenConditionError
from convcost.search.graph.graph_results import Number, Truth
from convcost.search.varied_int import VariedInt

MOST_BRANCHES = 128
"""Of a design: its formulas are evaluated for each."""

MOST_VALUES = 64
"""Of a size that has to be a plain number, as the number of layers of an LSTM: each is a branch."""

T = TypeVar("T")

Values: TypeAlias = "range | tuple[int, ...]"
"""The values of a size; none where they are not known."""


@dataclass(frozen=True)
class ConditionBranch(Generic[T]):
    """What is found where the condition with that number holds, and what where it does not."""

    condition: int
    then: T | ConditionBranch[T]
    otherwise: T | ConditionBranch[T]


def branches(
    graph: ExpressionGraph, evaluate: Callable[[], T], decisions: Mapping[int, bool] | None = None
) -> T | ConditionBranch[T]:
    """What `evaluate` gives, which is called for each branch of the code again.

    Raises EngineLimitError where there are too many.
    """
    return _branches(graph, evaluate, dict(decisions or {}), [0])


def _branches(
    graph: ExpressionGraph, evaluate: Callable[[], T], decisions: dict[int, bool], calls: list[int]
) -> T | ConditionBranch[T]:
    calls[0] += 1
    if calls[0] > 2 * MOST_BRANCHES:
        hint = "Use --engine numpy, or narrow the ranges."
        raise EngineLimitError(f"the formulas branch on more than {MOST_BRANCHES} conditions", hint=hint)
    graph.decisions = decisions
    try:
        return evaluate()
    except OpenConditionError as error:
        condition = error.condition
    finally:
        graph.decisions = {}
    then, otherwise = (
        _branches(graph, evaluate, {**decisions, condition: decision}, calls) for decision in (True, False)
    )
    return ConditionBranch(condition, then, otherwise)


def merge(graph: ExpressionGraph, found: T | ConditionBranch[T], value: Callable[[T], Any]) -> Any:
    """One number, or truth value, that is the `value` of what was found in each branch."""
    if not isinstance(found, ConditionBranch):
        return value(found)
    sides = (merge(graph, side, value) for side in (found.then, found.otherwise))
    return choose(GraphCondition(graph, found.condition), *sides)


class DesignRule(NamedTuple):
    """Something that has to hold, and how that reads."""

    text: str
    condition: Truth


class GraphEvaluator(ColumnEvaluator):
    """Evaluates layers on numbers of a graph: `rules` are all that is required of these, in order."""

    def __init__(self, design: EvaluableDesign) -> None:
        super().__init__(design.counted.metrics, design.counted.convention)
        self.rules: list[DesignRule] = []

    def require(self, requirement: Requirement, step: int) -> None:
        """Add `requirement` to the rules; RequirementError where it never holds.

        PlainNumberNeededError where only a plain number will do.
        """
        for part in single_requirements(requirement):
            if isinstance(part, NumberNeeded) and isinstance(part.value, GraphNumber):
                raise PlainNumberNeededError(part)
        super().require(requirement, step)

    def restrict(self, condition: Any, error: Callable[[], ConvcostError], rule: str) -> None:
        """Add the rule unless it holds everywhere; raise `error` if it holds nowhere."""
        if condition is not True:
            self.rules.append(DesignRule(rule, condition))
        if condition is False:
            raise error()

    def restrict_to_none(self, rule: str) -> None:
        """Leave no place, where an error was raised for all that were left."""
        self.rules.append(DesignRule(rule, False))


class PlainNumberNeededError(UnboundSizeError):
    """A layer takes a plain number, whose value depends on sizes of the grid."""

    def __init__(self, requirement: NumberNeeded) -> None:
        super().__init__(requirement.message)
        self.value: Any = requirement.value


class EvaluatedDesign(NamedTuple):
    """Its quantities where all `rules` hold, which is where it is `possible`."""

    quantities: tuple[Number, ...]
    rules: tuple[tuple[Truth, tuple[DesignRule, ...]], ...]
    """By branch: where that is taken, and what has to hold there, in order."""

    @property
    def possible(self) -> Truth:
        """Whether everything that is required holds."""
        return all_of(
            negation(conjunction(taken, negation(all_of(rule.condition for rule in rules))))
            for taken, rules in self.rules
        )


def all_of(conditions: Iterable[Truth]) -> Truth:
    """Whether all hold."""
    found: Truth = True
    for condition in conditions:
        found = conjunction(found, condition)
    return found


class _Leaf(NamedTuple):
    quantities: tuple[Any, ...]
    rules: tuple[DesignRule, ...]


def evaluate_design(
    graph: ExpressionGraph,
    design: EvaluableDesign,
    sizes: Mapping[str, Number],
    values: Mapping[str, Values],
) -> EvaluatedDesign:
    """The design on these sizes, which are numbers of the graph.

    `values` has those of a size by name, where they are known: where a layer takes a plain number alone, each
    is a branch.
    """
    found = branches(graph, partial(_leaf, design, sizes, values))
    places = range(len(design.counted.metrics))
    quantities = tuple(merge(graph, found, partial(_quantity, place)) for place in places)
    return EvaluatedDesign(quantities, tuple(_rules(graph, found, True)))


def _quantity(place: int, leaf: _Leaf) -> Number:
    return leaf.quantities[place]  # type: ignore[no-any-return]


def _rules(
    graph: ExpressionGraph, found: _Leaf | ConditionBranch[_Leaf], taken: Truth
) -> Iterator[tuple[Truth, tuple[DesignRule, ...]]]:
    if not isinstance(found, ConditionBranch):
        yield taken, found.rules
        return
    condition = GraphCondition(graph, found.condition)
    yield from _rules(graph, found.then, conjunction(taken, condition))
    yield from _rules(graph, found.otherwise, conjunction(taken, negation(condition)))


def _leaf(design: EvaluableDesign, sizes: Mapping[str, Number], values: Mapping[str, Values]) -> _Leaf:
    """The design in the branch that is decided on."""
    sizes = {name: _decided(size, values.get(name, ())) for name, size in sizes.items()}
    evaluator = GraphEvaluator(design)
    try:
        quantities = design.evaluate(sizes, evaluator)
    except UnboundSizeError as error:
        _decide_value(error, sizes, values)
        raise
    except ConvcostError as error:
        evaluator.restrict_to_none(error.message)
        quantities = (0,) * len(design.counted.metrics)
    return _Leaf(quantities, tuple(evaluator.rules))


def _open_values(size: Number, values: Values) -> list[int]:
    """Those of the values that `size` was not decided not to be."""
    return [value for value in values if equal(size, value) is not False]


def _decided(size: Number, values: Values) -> Number:
    """The value that it was decided to be, or that it has everywhere."""
    if isinstance(size, int):
        return VariedInt(size)
    if len(values) > MOST_VALUES or not _has_decisions(size):
        return size
    left = _open_values(size, values)
    decided = [value for value in left if equal(size, value) is True]
    return VariedInt((decided or left)[0]) if decided or len(left) == 1 else size


def _has_decisions(size: GraphNumber) -> bool:
    """Whether it was decided of a value that the size is it, or is not."""
    graph = size.graph
    decided = (graph[number] for number in graph.decisions)
    return any(each.kind is OperationKind.EQUAL and size.number in each.operands for each in decided)


def _decide_value(error: UnboundSizeError, sizes: Mapping[str, Number], values: Mapping[str, Values]) -> None:
    """OpenConditionError on a value of a size that has few, and that the number needed depends on."""
    inputs = error.value.operation.inputs if isinstance(error, PlainNumberNeededError) else None
    for name, size in sorted(sizes.items(), key=lambda item: len(values.get(item[0], ()))):
        if isinstance(size, int) or not 0 < len(values.get(name, ())) <= MOST_VALUES:
            continue
        if inputs is None or size.operation.inputs <= inputs:
            condition = equal(size, _open_values(size, values[name])[0])
            assert isinstance(condition, GraphCondition)
            raise OpenConditionError(condition.number)
