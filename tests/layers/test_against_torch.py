"""Every layer kind against the real torch.nn module, over generated arguments and inputs."""

import pytest
import torch
from hypothesis import given, settings
from layer_cases import Case, cases
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import counted_flops, forward, inputs, torch_module

from convcost.core.cost import FLOPS_PER_MAC
from convcost.layers import FAMILIES, KINDS, layer_class
from convcost.layers.network import Network, chain_of

FEW = settings(max_examples=8)
MANY = settings(max_examples=100)

RECURRENT = FAMILIES["recurrent"]

OF_SEVERAL_PRODUCTS = {*RECURRENT, *FAMILIES["attention"], *FAMILIES["transformers"]}

CONTRACTIONS = {
    *("Linear", "Bilinear", *OF_SEVERAL_PRODUCTS),
    *(kind for kind in KINDS if kind.startswith("Conv")),
}

COUNTED_AS_NOTHING = {"Bilinear": "FlopCounterMode has no formula for aten::_trilinear"}


def agrees_with_torch(case: Case) -> None:
    row = Network(chain_of(case.layer), case.shape).report().rows[0]
    parameters = torch_module(case.layer).named_parameters()
    assert row.output == tuple(forward(case.layer, case.shape).shape)
    assert row.parameters == {name: tuple(tensor.shape) for name, tensor in parameters}
    if row.kind in COUNTED_AS_NOTHING:
        assert counted_flops(case.layer, case.shape) == 0 < row.cost.macs
    else:
        assert FLOPS_PER_MAC * row.cost.macs == counted_flops(case.layer, case.shape)
    if row.kind not in CONTRACTIONS:
        assert (row.cost.macs, row.contracts) == (0, False)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_parameters_and_macs_are_those_of_the_torch_module(kind):
    FEW(given(cases(kind))(agrees_with_torch))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_shapes_parameters_and_macs_are_those_of_the_torch_module_over_many_cases(kind):
    MANY(given(cases(kind))(agrees_with_torch))()


@FEW
@given(cases("Bilinear"))
def test_bilinear_macs_are_those_of_its_two_contractions_done_one_after_the_other(case):
    outputs, ins = case.layer.out_features, (case.layer.in1_features, case.layer.in2_features)
    first, second = (half.reshape(-1, size) for half, size in zip(inputs(*case), ins, strict=True))
    weight = torch_module(case.layer).weight.movedim(1, 0).flatten(1)
    with FlopCounterMode(display=False) as counter:
        half_done = (first @ weight).view(-1, outputs, ins[1])
        half_done @ second[..., None]
    assert FLOPS_PER_MAC * case.layer.cost(case.shape).macs == counter.get_total_flops()


@pytest.mark.parametrize("kind", sorted(CONTRACTIONS - OF_SEVERAL_PRODUCTS))
def test_bias_adds_are_one_for_each_output_element_if_there_is_a_bias(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        output = case.layer.output(case.shape)
        expected = torch.Size(output).numel() if case.layer.bias else 0
        assert case.layer.cost(case.shape).bias_adds == expected

    holds()


def test_every_kind_has_a_class_of_its_own_name():
    assert [layer_class(kind).__name__ for kind in KINDS] == list(KINDS)
