"""Search along a size: the answers are those of trying every size, and the layers' own code gives them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convcost.core.errors import UsageError
from convcost.symbolic.division import BeyondError, SplitError, divisors
from convcost.symbolic.nearest import nearest
from convcost.symbolic.polynomial import runs, step, stretches, value
from convcost.symbolic.progression_polynomial import ProgressionPolynomial, along
from convcost.symbolic.search import sought

COEFFICIENTS = st.lists(st.integers(-30, 30), min_size=1, max_size=5).map(tuple)
SIZES = st.builds(range, st.integers(0, 9), st.integers(12, 300), st.integers(1, 7))
TARGETS = st.integers(-1000, 100_000)


def sign(number):
    return (number > 0) - (number < 0)


@given(COEFFICIENTS, st.integers(1, 60))
def test_stretches_have_the_sign_of_every_place(polynomial, count):
    signs = [stretch.sign for stretch in stretches(polynomial, count) for _ in range(*stretch[:2])]
    assert signs == [sign(value(polynomial, place)) for place in range(count)]


@given(COEFFICIENTS, st.integers(1, 60))
def test_runs_cover_all_places_and_each_goes_one_way(polynomial, count):
    found = list(runs(polynomial, count))
    assert [place for run in found for place in range(*run)] == list(range(count))
    for start, stop in found:
        values = [value(polynomial, place) for place in range(start, stop)]
        assert values in (sorted(values), sorted(values, reverse=True))


@given(COEFFICIENTS, st.integers(0, 60))
def test_a_step_is_the_difference_to_the_next_place(polynomial, place):
    assert value(step(polynomial), place) == value(polynomial, place + 1) - value(polynomial, place)


@given(st.integers(1, 5000))
def test_divisors_are_all_that_divide(number):
    assert divisors(number) == tuple(divisor for divisor in range(1, number + 1) if number % divisor == 0)


def test_divisors_are_known_of_large_numbers_but_for_two_large_factors():
    assert len(divisors(10**30)) == 31**2
    assert divisors(2 * 1_000_003) == (1, 2, 1_000_003, 2_000_006)
    assert divisors(1_000_003 * 1_000_033) is None


COSTS = {
    "a polynomial": lambda x: 3 * x * x - 40 * x + 7,
    "a cubic with turns": lambda x: x**3 - 60 * x**2 + 900 * x + 5,
    "a floor by a number": lambda x: x * ((x + 3) // 4) + x // 6,
    "a negative floor": lambda x: -x // 5 + 2 * x,
    "a floor by the size": lambda x: 1000 // (x + 1) * 10,
    "a quotient of sizes": lambda x: (x * x + 5) // (2 * x + 1) + (3 * x) // (x + 7),
    "an absolute value": lambda x: abs(3 * x - 100) * x,
    "a constant": lambda x: 12,
    "what falls and rises": lambda x: (100 - x) * x + (x // 50) ** 3,
    "a floor by a large number": lambda x: x // 9973 + x // 2,
    "floors of a product": lambda x: (x // 5) * (x // 7),
}


@pytest.mark.parametrize("cost", COSTS.values(), ids=COSTS)
@given(sizes=SIZES, target=TARGETS)
def test_the_nearest_are_those_of_trying_every_size(cost, sizes, target):
    every = {size: cost(size) for size in sizes}
    explored = sought(sizes, cost, target)
    found = nearest(explored.pieces, target)
    below = max((number for number in every.values() if number < target), default=None)
    above = min((number for number in every.values() if number > target), default=None)
    for hits, expected in ((found.below, below), (found.equal, target), (found.above, above)):
        having = [size for size, number in every.items() if number == expected]
        assert (sorted(hits.first(10**6)) if hits else []) == having
    assert not explored.untried


def allowed(condition):
    """A cost that is the size itself, where `condition` holds."""

    def cost(size):
        if not condition(size):
            raise UsageError("not possible")
        return size

    return cost


CONDITIONS = {
    "it divides a number": lambda x: 720 % (x + 1) == 0,
    "a number divides it": lambda x: x % 12 == 0,
    "a number divides its square": lambda x: (x * x + 2) % 6 == 0,
    "a multiple of it is divided": lambda x: (6 * x + 30) % (x + 1) == 0,
    "it is within bounds": lambda x: x * x >= 50 and 3 * x <= 400,
    "it is one number": lambda x: x == 21,
    "it is not one number": lambda x: x != 21,
    "nothing": lambda x: x < 0,
}


@pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)
@given(sizes=SIZES, target=st.integers(0, 300))
@example(sizes=range(0, 300), target=0)
def test_the_possible_sizes_next_to_a_target_are_those_of_trying_every_size(condition, sizes, target):
    explored = sought(sizes, allowed(condition), target)
    found = nearest(explored.pieces, target)
    possible = [size for size in sizes if condition(size)]
    assert not explored.untried
    assert (found.below and found.below.cost) == max(
        (size for size in possible if size < target), default=None
    )
    assert (found.equal is not None) == (target in possible)
    assert (found.above and found.above.cost) == min(
        (size for size in possible if size > target), default=None
    )


def asked_of(cost, sizes, target):
    """What is next to the target, and how often the cost was asked for it."""
    asked = []

    def counted(size):
        asked.append(size)
        return cost(size)

    explored = sought(sizes, counted, target)
    assert not explored.untried
    return nearest(explored.pieces, target), len(asked)


def test_a_size_up_to_10_to_the_12_is_found_with_few_questions():
    target = 6 * 123_456_789_012**2
    found, asked = asked_of(lambda size: 6 * size * size + 7 * size, range(1, 10**12), target)
    assert (found.below.smallest, found.above.smallest) == (123_456_789_011, 123_456_789_012)
    assert asked == 4


@pytest.mark.parametrize(
    ("cost", "target", "hits"),
    [
        (lambda size: 10**11 // size, 10, ((9, 11_111_111_111), (10, 10**10), (11, 9_090_909_090))),
        (
            lambda size: (size // 5000) * (size // 7777),
            10**11,
            ((99_999_866_215, 1_971_929_999), None, (100_000_119_774, 1_971_934_999)),
        ),
        (lambda size: size // 9973 + size // 2, 10**11, None),
    ],
)
def test_what_cannot_be_nearer_is_not_asked_about(cost, target, hits):
    found, asked = asked_of(cost, range(1, 10**12), target)
    assert asked < 200
    assert hits is None or tuple(hit and (hit.cost, hit.largest) for hit in found) == hits


def test_what_is_no_polynomial_is_asked_about_in_halves_and_said_to_be_cut():
    def cost(size):
        return len(range(size))

    explored = sought(range(1, 10**6), cost, 300)
    assert nearest(explored.pieces, 300).equal.first() == [300]
    assert explored.first_untried > 300


def test_a_search_that_asks_too_much_says_what_was_not_tried():
    def cost(size):
        return len(range(size - size // 1000 * 1000))

    explored = sought(range(1, 10**12), cost, 10)
    assert nearest(explored.pieces, 10).equal is not None
    assert explored.first_untried < 10**6


def test_an_answer_that_plain_numbers_do_not_confirm_is_not_given():
    def cost(size):
        return 2 * size if isinstance(size, ProgressionPolynomial) else 2 * size + 1

    found = nearest(sought(range(1, 500), cost, 301).pieces, 301)
    assert found.equal.first() == [150]


def test_a_running_size_counts_as_no_index():
    with pytest.raises(BeyondError):
        range(along(range(1, 9)))


def test_a_comparison_that_differs_along_the_way_names_its_parts():
    with pytest.raises(SplitError) as split:
        bool(along(range(1, 9)) < 5)
    assert split.value.parts == (range(1, 5), range(5, 9))


def test_a_single_size_is_a_plain_number():
    assert along(range(7, 8)) == 7
