"""Layers of several inputs: their shapes have to be equal or to broadcast, and a misfit is named."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.errors import RequirementError
from convcost.layers import layer_class
from convcost.layers.broadcasting import broadcast_requirements, broadcast_shape
from convcost.layers.network import Network, chain_of

SHAPES = st.lists(st.integers(1, 3), max_size=4).map(tuple)


@given(SHAPES, SHAPES)
def test_shapes_broadcast_where_and_as_those_of_torch_do(first, second):
    try:
        expected = tuple(torch.broadcast_shapes(first, second))
    except RuntimeError:
        expected = None
    fits = all(requirement.holds() for requirement in broadcast_requirements(first, second, 1))
    assert fits == (expected is not None)
    if fits:
        assert broadcast_shape(first, second) == expected


REFUSED = [
    (
        "PairwiseDistance",
        (),
        (2, 3),
        (2, 4),
        "dimension -1 of input 2 is 4, but that of the earlier inputs is 3",
    ),
    (
        "CosineSimilarity",
        (2,),
        (2, 3),
        (2, 3),
        "the input [2, 3] has 2 dimensions; expected an input with a dimension 2",
    ),
    ("MaxUnpool1d", (2,), (2, 3), (2, 4), "dimension 1 of input 2 is 4, but that of input 1 is 3"),
    (
        "MaxUnpool1d",
        (2,),
        (2, 3),
        (3,),
        "the input [3] has 1 dimension; expected 2, like input 1",
    ),
]


@pytest.mark.parametrize(("kind", "arguments", "first", "second", "message"), REFUSED)
def test_inputs_that_do_not_fit_are_refused(kind, arguments, first, second, message):
    layer = layer_class(kind)(*arguments, further_inputs=(second,))
    with pytest.raises(RequirementError) as refusal:
        Network(chain_of(layer), first).report()
    assert refusal.value.message == message


def test_a_loss_needs_targets_of_the_shape_of_the_input():
    layer = layer_class("MSELoss")(further_inputs=((2, 1),))
    with pytest.raises(RequirementError) as refusal:
        Network(chain_of(layer), (2, 3)).report()
    assert refusal.value.message == "dimension 1 of input 2 is 1, but that of input 1 is 3"


def test_classes_are_an_input_of_integers_and_a_loss_is_a_number():
    report = Network(chain_of(layer_class("CrossEntropyLoss")(further_inputs=((2, 7),))), (2, 10, 7)).report()
    assert [tensor.dtype for tensor in report.inputs] == ["", "int64"]
    assert report.output == ()
    assert report.bytes == 4 * 140 + 8 * 14 + 4


def test_the_indices_of_an_unpooling_are_an_input_of_their_own_dtype():
    layer = layer_class("MaxUnpool2d")(2, further_inputs=((1, 3, 4, 4),))
    report = Network(chain_of(layer), (1, 3, 4, 4)).report()
    assert [(tensor.shape, tensor.dtype) for tensor in report.inputs] == [
        ((1, 3, 4, 4), ""),
        ((1, 3, 4, 4), "int64"),
    ]
    assert report.bytes == 4 * 48 + 8 * 48 + 4 * 192


@pytest.mark.parametrize(("power", "operations"), [(0.0, 0), (1.0, 2), (2.0, 2), (0.5, 6), (3.0, 4)])
def test_the_backward_of_a_norm_depends_on_its_power(power, operations):
    layer = layer_class("PairwiseDistance")(power, further_inputs=((1, 1_000),))
    assert layer.elementwise_gradient((1, 1_000), (True, False)) // 1_000 == operations


def test_a_gradient_by_both_inputs_takes_a_negative_more():
    layer = layer_class("PairwiseDistance")(further_inputs=((2, 7),))
    assert layer.elementwise_gradient((2, 7), (True, False)) == 2 * 14
    assert layer.elementwise_gradient((2, 7), (True, True)) == 3 * 14


@pytest.mark.parametrize("kind", ["PairwiseDistance", "CosineSimilarity"])
def test_the_gradient_by_a_broadcast_input_is_summed_up(kind):
    layer = layer_class(kind)(further_inputs=((2, 7),))
    of_equal_shapes = layer.elementwise_gradient((2, 7), (True, True))
    assert layer.elementwise_gradient((1, 7), (True, True)) == of_equal_shapes + 14
    assert layer.elementwise_gradient((1, 7), (False, True)) == layer.elementwise_gradient(
        (2, 7), (False, True)
    )
