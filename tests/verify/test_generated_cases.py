"""The generated layers: valid, different, repeatable, and with every argument away from its default."""

import pytest

from convcost.layers import KINDS
from convcost.spec import parse
from convcost.verify.cases import generate_cases, optional_arguments


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_as_many_different_cases_as_asked_for(kind):
    found = [case.spec for case in generate_cases(kind, 12, seed=3)]
    assert len(set(found)) == len(found) == 12


@pytest.mark.parametrize("kind", KINDS)
def test_each_argument_that_decides_something_is_away_from_its_default_in_its_turn(kind):
    turns = (*optional_arguments(kind), "")
    found = list(generate_cases(kind, 2 * len(turns), seed=1))
    assert all(
        not name or name in case.layer.arguments() for name, case in zip(turns * 2, found, strict=True)
    )


def test_the_spec_of_a_case_is_the_case():
    for case in generate_cases("Conv2d", 20, seed=0):
        network = parse(case.spec).network({})
        assert (network.layers, network.input) == ((case.layer,), case.report.input)
        assert case.report.cost == case.layer.cost(case.report.input)


def test_a_seed_draws_the_same_cases_each_time_and_another_seed_others():
    first, again, other = ([case.spec for case in generate_cases("Conv1d", 10, seed)] for seed in (5, 5, 6))
    assert first == again
    assert not set(first) & set(other)


def test_more_cases_begin_with_the_same_ones():
    few, many = ([case.spec for case in generate_cases("MaxPool2d", number, 0)] for number in (5, 15))
    assert many[:5] == few


def test_convolutions_are_drawn_with_all_that_decides_their_cost():
    drawn = [case.layer for case in generate_cases("Conv2d", 70, seed=0)]

    def share(holds):
        return sum(map(holds, drawn)) / len(drawn)

    assert share(lambda layer: layer.groups > 1) > 0.15
    assert share(lambda layer: layer.groups > 1 and layer.in_channels > layer.groups) > 0.04
    assert share(lambda layer: layer.padding == "same") > 0.02
    assert share(lambda layer: layer.stride != 1) > 0.25
    assert share(lambda layer: layer.dilation != 1) > 0.25
    assert share(lambda layer: not layer.bias) > 0.2
    assert share(lambda layer: len(layer.windows) == 2) == 1


def test_inputs_are_drawn_with_a_batch_and_without():
    assert {len(case.report.input) for case in generate_cases("Conv1d", 30, seed=0)} == {2, 3}
    assert {len(case.report.input) for case in generate_cases("Linear", 30, seed=0)} == {1, 2, 3, 4}
