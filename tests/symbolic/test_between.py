"""Numbers between bounds: whatever they are, what a formula makes of them lies between its bounds."""

from operator import add, eq, floordiv, ge, gt, le, lt, mod, mul, sub

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcost.core.arithmetic import larger, smaller
from convcost.core.errors import UsageError
from convcost.symbolic.interval import Bounds, Interval, UndecidedError, between, bounds, exact_quotient
from convcost.symbolic.number import Unstated
from convcost.symbolic.progression_polynomial import along

RANGES = st.builds(lambda start, count: range(start, start + count), st.integers(-9, 9), st.integers(1, 9))
ARITHMETIC = (add, sub, mul, floordiv, mod, larger, smaller, lambda a, b: abs(a) * b + abs(a - b) ** 3)
RELATIONS = (lt, le, gt, ge, eq)


def all_pairs(operation, first, second):
    """What it comes to for every pair of numbers; nothing where a divisor is 0."""
    assume(operation not in {floordiv, mod} or 0 not in second)
    return [operation(a, b) for a in first for b in second]


@pytest.mark.parametrize("operation", ARITHMETIC, ids=lambda operation: operation.__name__)
@given(first=RANGES, second=RANGES)
def test_a_result_lies_between_its_bounds(operation, first, second):
    results = all_pairs(operation, first, second)
    known = bounds(operation, first, second)
    if known is None:
        assert operation is mod
        assert second[0] < 0
        return
    assert all(known.low <= result <= known.high for result in results)


@pytest.mark.parametrize("operation", [add, sub, mul, floordiv], ids=lambda operation: operation.__name__)
@given(first=RANGES, second=RANGES)
def test_the_bounds_of_one_operation_are_results(operation, first, second):
    results = all_pairs(operation, first, second)
    assert bounds(operation, first, second) == (min(results), max(results))


@pytest.mark.parametrize("relation", RELATIONS)
@given(first=RANGES, second=RANGES)
def test_a_comparison_is_answered_where_it_is_the_same_for_all(relation, first, second):
    answers = set(all_pairs(relation, first, second))
    try:
        answer = relation(between(first), between(second))
    except UndecidedError:
        assert len(answers) == 2
    else:
        assert answers == {answer}


@given(st.integers(1, 40), st.integers(0, 40), st.integers(1, 12), st.integers(0, 12))
def test_an_exact_quotient_lies_between_its_bounds(start, count, divisor, more):
    dividends, divisors = range(start, start + count + 1), range(divisor, divisor + more + 1)
    wholes = [a // b for a in dividends for b in divisors if a % b == 0]
    assume(len(dividends) > 1 or len(divisors) > 1)
    found = exact_quotient(between(dividends), between(divisors))
    if found is None:
        assert not wholes
    else:
        low, high = (found, found) if isinstance(found, int) else (found.low, found.high)
        assert all(low <= whole <= high for whole in wholes)


def test_what_is_possible_nowhere_is_refused():
    def cost(size):
        if size > 8:
            raise UsageError("not possible")
        return size

    with pytest.raises(UsageError):
        bounds(cost, range(9, 20))
    assert bounds(cost, range(5, 20)) is None
    assert bounds(cost, range(1, 9)) == (1, 8)


def test_the_distance_to_bounds_is_that_to_the_nearer_one():
    assert [Bounds(3, 7).distance(target) for target in (1, 3, 5, 7, 10)] == [2, 0, 0, 0, 3]


@pytest.mark.parametrize("size", [Interval(1, 9), along(range(1, 9)), 5])
def test_what_is_computed_with_an_unstated_size_is_unstated(size):
    unstated = Unstated("L")
    results = (size + unstated, unstated - size, size * unstated, size // unstated, abs(unstated) // size)
    assert all(result.names == {"L"} for result in results)
    assert (size % unstated, unstated % size) == (0, 0)
    assert (unstated * Unstated("B")).names == {"B", "L"}
