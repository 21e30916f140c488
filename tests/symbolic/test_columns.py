"""Columns: every operator gives at each place what plain ints give there, however large they are."""

import operator

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from convcost.core.arithmetic import larger, smaller
from convcost.symbolic.columns import Column, MixedConditionError, broadcast_column, merge_columns

PLACES = 5
NUMBERS = st.one_of(
    st.integers(-9, 9), st.integers(-(10**6), 10**6), st.integers(-(2**62), 2**62), st.integers(1, 3)
)
COLUMNS = st.lists(NUMBERS, min_size=PLACES, max_size=PLACES)
FACTORS = st.one_of(st.integers(-4, 4), st.sampled_from((10**3, 2**40, -(10**20), 6)))
ARITHMETIC = (operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, larger, smaller)
RELATIONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


def numbers_of(value):
    """What a column, or a plain number, is at each place; within its bounds."""
    if isinstance(value, int):
        return [value] * PLACES
    numbers = [int(each) * value.factor for each in value.values]
    low, high = value.bounds
    assert all(low <= number <= high for number in numbers)
    return numbers


def column(values, factor, offset):
    return Column(np.array(values)) * factor + offset


@st.composite
def operands(draw):
    """A column with a factor and an offset, or a plain number."""
    if draw(st.booleans()):
        return draw(FACTORS)
    return column(draw(COLUMNS), draw(FACTORS), draw(FACTORS))


@pytest.mark.parametrize("operation", ARITHMETIC, ids=lambda operation: operation.__name__)
@given(operands(), operands())
def test_a_result_is_that_of_ints_at_each_place(operation, first, second):
    is_division = operation in {operator.floordiv, operator.mod}
    assume(not is_division or 0 not in numbers_of(second))
    expected = [operation(*pair) for pair in zip(numbers_of(first), numbers_of(second), strict=True)]
    assert numbers_of(operation(first, second)) == expected


@given(operands(), operands(), operands(), operands())
def test_so_is_a_longer_formula(a, b, c, d):
    def formula(a, b, c, d):
        return (a * b + c) * d + abs(a - 3 * c) ** 2 - (a + 5) // 7 + -d % 11

    places = zip(*map(numbers_of, (a, b, c, d)), strict=True)
    assert numbers_of(formula(a, b, c, d)) == [formula(*place) for place in places]


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.__name__)
@given(operands(), operands())
def test_a_relation_holds_where_it_does_for_ints(relation, first, second):
    expected = [relation(*pair) for pair in zip(numbers_of(first), numbers_of(second), strict=True)]
    condition = relation(first, second)
    assert (condition.tolist() if isinstance(condition, np.ndarray) else [condition] * PLACES) == expected
    if len(set(expected)) == 1:
        assert bool(condition) is expected[0]
    else:
        with pytest.raises(MixedConditionError):
            bool(condition)


def test_a_factor_is_not_multiplied_out_and_leaves_64_bits_free():
    product = Column(np.array([2**40, 2**41])) * 10**30
    assert (product.values.dtype, numbers_of_two(product + product)) == (
        np.int64,
        [2**41 * 10**30, 2**42 * 10**30],
    )


def numbers_of_two(value):
    return [int(each) * value.factor for each in value.values]


def test_what_overflows_64_bits_goes_on_in_ints_and_comes_back_where_it_fits():
    square = Column(np.array([2**40, 3])) * Column(np.array([2**40, 5]))
    assert (square.values.dtype, numbers_of_two(square)) == (object, [2**80, 15])
    quotient = square // 2**50
    assert (quotient.values.dtype, numbers_of_two(quotient)) == (np.int64, [2**30, 0])


def test_a_quotient_by_zero_is_zero_for_a_mask_to_leave_out():
    assert numbers_of_two(7 // Column(np.array([0, 2]))) == [0, 3]
    with pytest.raises(ZeroDivisionError):
        Column(np.array([1, 2])) // 0


def test_columns_along_two_axes_have_every_pair():
    product = Column(np.array([[1], [2]])) * Column(np.array([[10, 20, 30]])) + 1
    assert (product.values * product.factor).tolist() == [[11, 21, 31], [21, 41, 61]]


def test_a_number_is_no_words():
    assert (Column(np.array([1, 2])) == "same") is False


def test_parts_are_joined_exactly_whatever_their_factors():
    first = np.array([True, False, True])
    parts = Column(np.array([1, 2])) * 10**20, broadcast_column(7, (1,))
    whole = merge_columns([first, ~first], parts)
    assert numbers_of_two(whole) == [10**20, 7, 2 * 10**20]
