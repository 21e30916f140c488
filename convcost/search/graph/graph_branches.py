"""Evaluates a design once for all sizes, as a graph, in every branch of code."""

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
"""The most branches of a design, whose formulas are evaluated in each."""

MOST_VALUES = 64
"""The most values of a size that must be a plain number, such as an LSTM's num_layers; each is a branch."""

T = TypeVar("T")

Values: TypeAlias = "range | tuple[int, ...]"
"""The values of a size; empty if unknown."""


@dataclass(frozen=True)
class ConditionBranch(Generic[T]):
    """The results where the condition with this number holds, and where it does not."""

    condition: int
    then: T | ConditionBranch[T]
    otherwise: T | ConditionBranch[T]


def branches(
    graph: ExpressionGraph, evaluate: Callable[[], T], decisions: Mapping[int, bool] | None = None
) -> T | ConditionBranch[T]:
    """Call `evaluate` for each branch of code, and return the results by condition.

    Raises EngineLimitError for too many branches.
    """
    return _branches(graph, evaluate, dict(decisions or {}), [0])


def _branches(
    graph: ExpressionGraph, evaluate: Callable[[], T], decisions: dict[int, bool], calls: list[int]
) -> T | ConditionBranch[T]:
    calls[0] += 1
    if calls[0] > 2 * MOST_BRANCHES:
        raise EngineLimitError(
            f"the formulas branch on more than {MOST_BRANCHES} conditions",
            hint='Use engine="numpy", or narrow the ranges.',
            cli_hint="Use --engine numpy, or narrow the ranges.",
        )
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
    """One number or truth value that equals `value` of the result in each branch."""
    if not isinstance(found, ConditionBranch):
        return value(found)
    sides = (merge(graph, side, value) for side in (found.then, found.otherwise))
    return choose(GraphCondition(graph, found.condition), *sides)


class DesignRule(NamedTuple):
    """A condition that must hold, and its text."""

    text: str
    condition: Truth


class GraphEvaluator(ColumnEvaluator):
    """Evaluates layers on numbers of a graph; `rules` are all requirements, in order."""

    def __init__(self, design: EvaluableDesign) -> None:
        super().__init__(design.counted.metrics, design.counted.convention)
        self.rules: list[DesignRule] = []

    def require(self, requirement: Requirement, step: int) -> None:
        """Add `requirement` to the rules; RequirementError if it never holds.

        PlainNumberNeededError if a plain number is needed.
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
        """Add a rule that never holds, for an error raised at all places."""
        self.rules.append(DesignRule(rule, False))


class PlainNumberNeededError(UnboundSizeError):
    """A layer needs a plain number where the value depends on sizes of the grid."""

    def __init__(self, requirement: NumberNeeded) -> None:
        super().__init__(requirement.message)
        self.value: Any = requirement.value


class EvaluatedDesign(NamedTuple):
    """A design's quantities, which hold where all `rules` hold: where it is `possible`."""

    quantities: tuple[Number, ...]
    rules: tuple[tuple[Truth, tuple[DesignRule, ...]], ...]
    """For each branch its condition, and the rules in it, in order."""

    @property
    def possible(self) -> Truth:
        """Whether all rules hold."""
        return all_of(
            negation(conjunction(branch, negation(all_of(rule.condition for rule in rules))))
            for branch, rules in self.rules
        )


def all_of(conditions: Iterable[Truth]) -> Truth:
    """The conjunction of conditions."""
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
    """Evaluate the design on sizes that are numbers of the graph.

    `values` has the known values of sizes by name. Where a layer needs a plain number, each is a branch.
    """
    found = branches(graph, partial(_leaf, design, sizes, values))
    places = range(len(design.counted.metrics))
    quantities = tuple(merge(graph, found, partial(_quantity, place)) for place in places)
    return EvaluatedDesign(quantities, tuple(_rules(graph, found, True)))


def _quantity(place: int, leaf: _Leaf) -> Number:
    return leaf.quantities[place]  # type: ignore[no-any-return]


def _rules(
    graph: ExpressionGraph, found: _Leaf | ConditionBranch[_Leaf], branch: Truth
) -> Iterator[tuple[Truth, tuple[DesignRule, ...]]]:
    if not isinstance(found, ConditionBranch):
        yield branch, found.rules
        return
    condition = GraphCondition(graph, found.condition)
    yield from _rules(graph, found.then, conjunction(branch, condition))
    yield from _rules(graph, found.otherwise, conjunction(branch, negation(condition)))


def _leaf(design: EvaluableDesign, sizes: Mapping[str, Number], values: Mapping[str, Values]) -> _Leaf:
    """Evaluate the design in the branch given by the graph's decisions."""
    sizes = {name: _decided_value(size, values.get(name, ())) for name, size in sizes.items()}
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
    """The values that decisions have not excluded for `size`."""
    return [value for value in values if equal(size, value) is not False]


def _decided_value(size: Number, values: Values) -> Number:
    """The value of a size if decisions fix it, or if it is constant; else the size itself."""
    if isinstance(size, int):
        return VariedInt(size)
    if len(values) > MOST_VALUES or not _has_decisions(size):
        return size
    open_values = _open_values(size, values)
    decided = [value for value in open_values if equal(size, value) is True]
    return VariedInt((decided or open_values)[0]) if decided or len(open_values) == 1 else size


def _has_decisions(size: GraphNumber) -> bool:
    """Whether the graph has decisions about a value of the size."""
    graph = size.graph
    decided = (graph[number] for number in graph.decisions)
    return any(each.kind is OperationKind.EQUAL and size.number in each.operands for each in decided)


def _decide_value(error: UnboundSizeError, sizes: Mapping[str, Number], values: Mapping[str, Values]) -> None:
    """Raise OpenConditionError on a value of a size with few values that the needed number depends on."""
    inputs = error.value.operation.inputs if isinstance(error, PlainNumberNeededError) else None
    for name, size in sorted(sizes.items(), key=lambda item: len(values.get(item[0], ()))):
        if isinstance(size, int) or not 0 < len(values.get(name, ())) <= MOST_VALUES:
            continue
        if inputs is None or size.operation.inputs <= inputs:
            condition = equal(size, _open_values(size, values[name])[0])
            assert isinstance(condition, GraphCondition)
            raise OpenConditionError(condition.number)
