"""Who is cheapest on which stretch of an open size, against plain numbers at every size."""

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_chains import NAMES, chain
from sympy import Abs, Integer, Rational, floor

import convcost
from convcost import Convention, api, compare
from convcost.core.breakeven import LowerEnvelope, Stretch
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.metrics import WITH_BREAK_EVEN
from convcost.core.report import Assumption
from convcost.symbolic.lower_envelope import MOST_PROVED, lower_envelope
from convcost.symbolic.sizes import fulfills
from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate

E, L = symbol("E"), symbol("L")


def cheapest(costs):
    """The names with the least of the plain numbers."""
    least = min(costs.values())
    return tuple(name for name, cost in costs.items() if cost == least)


def stretch_at(envelope, size):
    """The stretch that has this value of the size; None if none has."""
    return next(
        (
            stretch
            for stretch in envelope.stretches
            if stretch.start <= size and (stretch.end is None or size <= stretch.end)
        ),
        None,
    )


def check(envelope, costs, size):
    """What the envelope says of one value is so."""
    stretch = stretch_at(envelope, size)
    assert stretch, (envelope, size)
    least = cheapest(costs)
    is_right = set(least) <= {*stretch.candidates} if not stretch.is_decided else least == stretch.candidates
    assert is_right, (envelope, costs, size)


POLYNOMIALS = st.lists(st.integers(-9, 9), min_size=1, max_size=3).map(
    lambda factors: sum((factor * E**power for power, factor in enumerate(factors)), Integer(0))
)
PIECES = st.sampled_from(
    [
        E,
        E**2,
        floor(E / 2),
        floor((E + 5) / 3),
        E * floor(E / 4),
        Abs(E - 7),
        Abs(2 * E - 9),
        Rational(1, 2) * E,
    ]
)
PIECEWISE = st.lists(st.tuples(st.integers(-3, 3), PIECES), min_size=1, max_size=3).map(
    lambda terms: sum((factor * part for factor, part in terms), Integer(4))
)


def check_formulas(formulas, assumed=(), sizes=range(1, 41)):
    named = dict(zip("abcdef", formulas, strict=False))
    envelope = lower_envelope(named, assumed)
    for size in sizes:
        check(envelope, {name: evaluate(formula, {"E": size}) for name, formula in named.items()}, size)
    return envelope


@given(st.lists(POLYNOMIALS, min_size=2, max_size=5))
def test_of_polynomials_every_size_has_its_smallest_and_each_stretch_is_decided(formulas):
    envelope = check_formulas(formulas)
    assert all(stretch.is_decided for stretch in envelope.stretches)


@given(st.lists(PIECEWISE | POLYNOMIALS, min_size=2, max_size=4))
def test_of_formulas_with_floors_and_absolute_values_every_size_has_its_smallest(formulas):
    check_formulas(formulas)


@given(st.lists(PIECEWISE, min_size=2, max_size=4), st.integers(1, 9), st.integers(10, 30), st.integers(1, 4))
def test_the_sizes_are_those_that_the_assumptions_leave(formulas, least, most, divisor):
    assumed = (
        Assumption("", "nonnegative", E - least),
        Assumption("", "nonnegative", most - E),
        Assumption("", "whole", E / divisor),
    )
    possible = [size for size in range(least, most + 1) if size % divisor == 0]
    envelope = check_formulas(formulas, assumed, possible)
    for start, end, _, _ in envelope.stretches if envelope.sizes else ():
        assert {start, end} <= {*possible}


def designs_of_one_open_size(random, convention):
    """Three or four chains, numbers for all sizes but one, and that one."""
    sizes = {name: random.choice([1, 2, 3, 4, 6, 8, 12]) for name in ("B", *NAMES)}
    open_name = random.choice(NAMES)
    rest = {name: size for name, size in sizes.items() if name != open_name}
    specs = []
    for _ in range(200):
        with suppress(ConvcostError):
            spec = convcost.parse(chain(random))
            own = {name: size for name, size in rest.items() if name in spec.names}
            if spec.report(own, convention).open_names:
                specs.append(spec)
        if len(specs) == 4:
            break
    return specs, rest, open_name


def numbers(spec, sizes, convention):
    """The costs at sizes that are all numbers; None where the design does not take them."""
    try:
        return spec.report({name: sizes[name] for name in spec.names}, convention)
    except ConvcostError:
        return None


def check_designs(random):
    """For how many sizes there was something to check."""
    convention = Convention(random.choice(["matmul", "bias", "all"]), random.choice(["full", "valid"]))
    specs, rest, open_name = designs_of_one_open_size(random, convention)
    given_sizes = {name: rest[name] for spec in specs for name in spec.names if name in rest}
    comparison = api.comparison(tuple(specs), given_sizes, convention)
    envelopes = {metric: comparison.cheapest(metric) for metric in WITH_BREAK_EVEN}
    names, checked = [report.name for report in comparison.candidates], 0
    for size in range(1, 50):
        at = {**rest, open_name: size}
        reports = [numbers(spec, at, convention) for spec in specs]
        if None in reports or not all(fulfills(each, at) for each in comparison.candidates):
            continue
        checked += 1
        for metric, envelope in envelopes.items():
            costs = [getattr(report, metric) for report in reports]
            check(envelope, dict(zip(names, costs, strict=True)), size)
    return checked


@pytest.mark.parametrize("seed", range(5))
def test_generated_designs_have_the_envelope_of_their_plain_numbers(seed):
    random = Random(seed)
    assert sum(check_designs(random) for _ in range(8)) > 10


def envelope_of(*specs, metric="flops", **sizes):
    return compare(*specs, **sizes).cheapest(metric)


def test_of_three_designs_each_is_cheapest_on_its_stretch_and_ties_are_said():
    found = envelope_of(
        "dense = [1, E] -> Linear(E, E)",
        "low = [1, E] -> Linear(E, 100) -> Linear(100, E)",
        "fixed = [1, E] -> Linear(E, 10) -> Linear(10, 10000)",
    )
    assert found == LowerEnvelope(
        ("E",),
        (
            Stretch(1, 199, ("dense",)),
            Stretch(200, 200, ("dense", "low")),
            Stretch(201, 526, ("low",)),
            Stretch(527, None, ("fixed",)),
        ),
    )


def test_the_upper_limit_of_a_size_ends_the_last_stretch():
    found = envelope_of(
        "a = [1, 2, 8] -> Conv1d(2, 2, K)",
        "b = [1, 2, 16] -> Conv1d(2, 2, 2)",
        "c = [1, 2, 8] -> Linear(8, K)",
    )
    assert (found.stretches[0].start, found.stretches[-1].end) == (1, 8)


def test_a_tie_at_a_size_that_does_not_divide_is_none():
    found = envelope_of(
        "a = [1, E] -> Linear(E, E/4)", "b = [1, E] -> Linear(E, 6)", "c = [1, E] -> Linear(E, 7)"
    )
    assert found.stretches == (Stretch(4, 20, ("a",)), Stretch(24, 24, ("a", "b")), Stretch(28, None, ("b",)))
    found = envelope_of(
        "a = [1, 1] -> Linear(1, E/4)", "b = [1, 1] -> Linear(1, 7)", "c = [1, 1] -> Linear(1, E - 21)"
    )
    assert found.stretches == (
        Stretch(24, 24, ("c",)),
        Stretch(28, 28, ("a", "b", "c")),
        Stretch(32, None, ("b",)),
    )


@pytest.mark.parametrize(
    ("least", "most", "divisor", "expected"),
    [
        (5, 30, 4, (8, 28)),
        (5, 30, 40, None),
        (5, 10**6, 7, (7, 999_999)),
        (5, 10**6, 10**5, (5, 10**6)),
    ],
)
def test_a_stretch_begins_and_ends_at_a_possible_size_where_that_is_found(least, most, divisor, expected):
    assumed = (
        Assumption("", "nonnegative", E - least),
        Assumption("", "nonnegative", most - E),
        Assumption("", "whole", E / divisor),
    )
    found = lower_envelope({"a": E, "b": Integer((least + most) // 2)}, assumed)
    bounds = (found.stretches[0].start, found.stretches[-1].end) if found.stretches else None
    assert (found.sizes, bounds) == (("E",), expected)


def test_other_open_sizes_that_decide_nothing_do_not_matter():
    found = envelope_of(
        "[B, S, E] -> Linear(E, 8*K)", "[B, S, E] -> Linear(E, 40)", "[B, S, E] -> Linear(E, 50)"
    )
    assert (found.sizes, [each.start for each in found.stretches]) == (("K",), [1, 5, 6])


def test_designs_of_different_kinds_are_compared():
    found = envelope_of(
        "dense = [1,T,E] -> Linear(E, E)",
        "conv = [1,E,T] -> 2 x Conv1d(E, E, 3, padding=1)",
        "mix = [1,E,T] -> Linear(T, T)",
        E=64,
    )
    assert found.stretches == (
        Stretch(1, 63, ("mix",)),
        Stretch(64, 64, ("dense", "mix")),
        Stretch(65, None, ("dense",)),
    )


def test_with_several_sizes_one_that_is_always_cheapest_is_named():
    found = envelope_of("a = [1, E] -> Linear(E, F)", "b = [1, E] -> Linear(E, 2F) -> Linear(2F, E)")
    assert found == LowerEnvelope((), (Stretch(1, None, ("a",)),))


def test_with_several_sizes_those_are_named_that_may_be_cheapest():
    found = envelope_of(
        "a = [1, E] -> Linear(E, F)", "b = [1, E] -> Linear(E, G)", "c = [1, E] -> Linear(E, 2G)"
    )
    assert found == LowerEnvelope(("F", "G"), (Stretch(1, None, ("a", "b"), is_decided=False),))


def test_of_many_formulas_in_several_sizes_nothing_is_proved():
    formulas = {f"f{place}": (place + 1) * E * L for place in range(MOST_PROVED + 1)}
    assert lower_envelope(formulas).stretches == (Stretch(1, None, ("f0",)),)
    formulas["g"] = E + L
    formulas["h"] = E**2 + 1
    [stretch] = lower_envelope(formulas).stretches
    assert (stretch.is_decided, len(stretch.candidates)) == (False, MOST_PROVED + 3)


def test_an_order_that_changes_for_ever_is_not_decided_unless_another_is_below():
    formulas = {"a": 6 * floor(E / 2), "b": 3 * E - 1}
    assert lower_envelope(formulas).stretches == (Stretch(1, None, ("a", "b"), is_decided=False),)
    assert lower_envelope({**formulas, "c": Integer(8)}).stretches == (
        Stretch(1, 3, ("a", "b"), is_decided=False),
        Stretch(4, None, ("c",)),
    )


def test_of_too_many_stretches_those_in_the_middle_are_one():
    formulas = {"a": 160 * floor(E / 4), "b": 39 * E}
    assert lower_envelope(formulas).stretches == (
        Stretch(1, 3, ("a",)),
        Stretch(4, 4, ("b",)),
        Stretch(5, 7, ("a",)),
        Stretch(8, 119, ("b", "a"), is_decided=False),
        Stretch(120, None, ("b",)),
    )
    check_formulas(formulas.values(), sizes=range(1, 200))


def test_where_no_size_fits_all_designs_there_is_no_stretch():
    found = envelope_of("[1, 2, L] -> Conv1d(2, 2, 9)", "[1, 2, 5] -> Conv1d(2, 2, L)", metric="params")
    assert found == LowerEnvelope(("L",), ())


def test_a_comparison_of_numbers_has_one_stretch():
    found = envelope_of("a = Linear(3, 4)", "b = Linear(3, 5)", "c = Linear(4, 3)")
    assert found == LowerEnvelope((), (Stretch(1, None, ("a", "c")),))


def test_a_quantity_that_there_is_not_has_no_envelope():
    with pytest.raises(UsageError, match="no quantity is called flop"):
        compare("Linear(3, 4)", "Linear(3, 5)").cheapest("flop")
