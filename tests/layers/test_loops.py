"""The loop nests: their extents multiply to the MACs, in an order that a reader can follow."""

from math import prod

import pytest
from hypothesis import given, settings
from layer_cases import cases

from convcost.layers import KINDS, layer_class
from convcost.layers.composite import CompositeLayer

FEW = settings(max_examples=30)

COMPOSITE = [kind for kind in KINDS if issubclass(layer_class(kind), CompositeLayer)]
CONTRACTIONS = [kind for kind in KINDS if layer_class(kind).contracts and kind not in COMPOSITE]


@pytest.mark.parametrize("kind", CONTRACTIONS)
def test_the_extents_of_the_loops_multiply_to_the_macs(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        extents = [extent for _, extent in case.layer.loops(case.shape)]
        assert prod(extents) == case.layer.cost(case.shape).macs

    holds()


def leaves(layer, shape):
    for part in layer.parts(shape):
        is_composite = isinstance(part.layer, CompositeLayer)
        yield from leaves(part.layer, part.input) if is_composite else [part]


@pytest.mark.parametrize("kind", COMPOSITE)
def test_the_loops_of_all_parts_together_multiply_to_the_macs(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        loops = [part.layer.loops(part.input) for part in leaves(case.layer, case.shape)]
        macs = sum(prod(extent for _, extent in nest) for nest in loops if nest)
        assert macs == case.layer.cost(case.shape).macs

    holds()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(CONTRACTIONS)))
def test_a_layer_that_multiplies_nothing_has_no_loops(kind):
    @settings(max_examples=1)
    @given(cases(kind))
    def holds(case):
        assert case.layer.loops(case.shape) == ()

    holds()


@pytest.mark.parametrize("kind", CONTRACTIONS)
def test_each_loop_has_a_name_of_its_own(kind):
    @settings(max_examples=1)
    @given(cases(kind))
    def holds(case):
        names = [name for name, _ in case.layer.loops(case.shape)]
        assert len(names) == len(set(names))

    holds()


def test_a_linear_layer_loops_over_positions_and_features():
    loops = layer_class("Linear")(1280, 128).loops((2, 3, 1280))
    assert loops == (("position", 6), ("out_feature", 128), ("in_feature", 1280))


def test_a_bilinear_layer_takes_one_step_more_for_the_product_with_its_second_input():
    loops = layer_class("Bilinear")(4, 5, 6).loops((2, 9))
    assert loops == (("position", 2), ("out_feature", 6), ("in2_feature", 5), ("in1_feature_then_x2", 5))


def test_a_convolution_loops_over_its_output_and_then_over_one_window():
    loops = layer_class("Conv2d")(8, 6, (3, 5), stride=2, groups=2).loops((4, 8, 9, 9))
    assert loops == (
        *(("sample", 4), ("out_channel", 6), ("row", 4), ("column", 3)),
        *(("in_channel", 4), ("tap_row", 3), ("tap_column", 5)),
    )


def test_a_transposed_convolution_loops_over_its_input():
    loops = layer_class("ConvTranspose1d")(8, 6, 3, stride=2, groups=2).loops((4, 8, 9))
    assert loops == (("sample", 4), ("in_channel", 8), ("position", 9), ("out_channel", 3), ("tap", 3))
