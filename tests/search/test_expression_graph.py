"""A graph of operations gives what Python's integers give, within its bounds, each operation once."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcost.core import arithmetic
from convcost.search.graph.expression_graph import ExpressionGraph, OperationKind
from convcost.search.graph.graph_branches import branches, merge
from convcost.search.graph.graph_numbers import GraphCondition, GraphNumber, OpenConditionError, given_number
from convcost.search.graph.graph_results import operation_number

RANGES = {"a": (-7, 9), "b": (0, 6), "c": (-5, -1), "d": (1, 8)}


def floor_division(first, second):
    """As for columns, a quotient by 0 is 0."""
    if isinstance(second, int) and second == 0:
        return 0
    return first // second


def remainder(first, second):
    return first - floor_division(first, second) * second


OPERATIONS = (
    operator.add,
    operator.sub,
    operator.mul,
    floor_division,
    remainder,
    arithmetic.smaller,
    arithmetic.larger,
    lambda first, second: arithmetic.positive_part(first) - abs(second),
    lambda first, second: arithmetic.ceil_div(first, abs(second) + 1),
    lambda first, second: first % (abs(second) + 1),
    lambda first, second: (first < second) + 2 * (first == second) + 5 * (first >= second),
    lambda first, second: 3 * ((first <= 2) & (second > 1) | (first != second)),
)


@st.composite
def formulas(draw):
    """A function of a, b, c and d by operators."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 30), st.integers(0, 30)),
            min_size=1,
            max_size=8,
        )
    )
    constants = draw(st.lists(st.integers(-12, 12), max_size=3))

    def formula(sizes):
        found = [*sizes.values(), *constants]
        for operation, first, second in steps:
            found.append(operation(found[first % len(found)], found[second % len(found)]))
        return found[-1]

    return formula


@given(formulas(), st.data())
def test_a_formula_has_the_value_of_pythons_integers_and_is_within_its_bounds(formula, data):
    graph = ExpressionGraph()
    value = formula({name: given_number(graph, name, *bounds) for name, bounds in RANGES.items()})
    number = operation_number(graph, value)
    for _ in range(5):
        sizes = {name: data.draw(st.integers(*bounds)) for name, bounds in RANGES.items()}
        for each in graph.needed([number]):
            [found] = graph.evaluate([each], sizes)
            assert graph[each].low <= found <= graph[each].high
        assert graph.evaluate([number], sizes) == [formula(sizes)]


@given(formulas())
def test_division_is_of_what_is_not_negative_by_what_is_positive(formula):
    graph = ExpressionGraph()
    formula({name: given_number(graph, name, *bounds) for name, bounds in RANGES.items()})
    for operation in graph.operations:
        if operation.kind in (OperationKind.DIVIDE, OperationKind.MODULO):
            dividend, divisor = (graph[operand] for operand in operation.operands)
            assert dividend.low >= 0
            assert divisor.low > 0


def test_what_is_computed_twice_is_one_operation():
    graph = ExpressionGraph()
    size = given_number(graph, "a", 1, 9)
    first, second = size * 3 // (size + 1), size * 3 // (size + 1)
    assert first.number == second.number
    assert len(graph.operations) == len({*graph.operations})


def test_the_smaller_and_the_larger_one_are_an_operation_with_exact_bounds():
    graph = ExpressionGraph()
    first, second = (given_number(graph, name, *RANGES[name]) for name in ("a", "b"))
    smaller, larger = arithmetic.smaller(first, second), arithmetic.larger(first, second)
    assert (smaller.operation.kind, smaller.bounds) == (OperationKind.SMALLER, (-7, 6))
    assert (larger.operation.kind, larger.bounds) == (OperationKind.LARGER, (0, 9))


def test_what_the_bounds_decide_is_a_bool():
    graph = ExpressionGraph()
    size = given_number(graph, "d", 1, 8)
    assert (size >= 1) is True
    assert (size > 8) is False
    assert (size == 9) is False
    assert (size != size) is False  # noqa: PLR0124
    with pytest.raises(ZeroDivisionError):
        size // 0


def test_code_that_branches_is_evaluated_for_each_branch():
    graph = ExpressionGraph()
    size, other = given_number(graph, "a", -7, 9), given_number(graph, "b", 0, 6)

    def formula(size, other):
        if size > 3:
            return size * other
        return other - 1 if size == other or not other else 100

    with pytest.raises(OpenConditionError):
        bool(size > 3)
    found = merge(graph, branches(graph, lambda: formula(size, other)), lambda value: value)
    for first in range(-7, 10):
        for second in range(7):
            expected = formula(first, second)
            assert graph.evaluate([found.number], {"a": first, "b": second}) == [expected]


def test_numbers_and_truth_values_have_no_place_in_text():
    graph = ExpressionGraph()
    size = given_number(graph, "x'; DROP", 0, 6)
    assert isinstance(size, GraphNumber)
    assert isinstance(size > 2, GraphCondition)
    assert str(size) == str(size > 2) == "?"
