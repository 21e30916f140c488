"""The backward of a layer costs what its formulas say: in a trace of its module, and to torch's counter."""

from dataclasses import replace
from itertools import product
from math import prod

import pytest
import torch
from hypothesis import given, settings
from layer_cases import Case, cases
from torch.utils.flop_counter import FlopCounterMode

from convcost.core.cost import Cost, Gradients
from convcost.layers import FAMILIES, KINDS, layer_class
from convcost.layers.network import Network, chain_of
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import Profiler

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

Needed = tuple[bool, ...]
"""For each input whether the gradient by it is needed."""

FEW = settings(max_examples=4)
MANY = settings(max_examples=60)

WRITTEN_OUT = {
    **{"Mish": "a single kernel on a GPU, and 17 operators on the meta device"},
    **{"RMSNorm": "a single kernel on a GPU, and operators for each step on the meta device"},
    "MultiheadAttention": "adds up what the pieces of a joint projection get, each in a tensor of them all",
    **dict.fromkeys(FAMILIES["transformers"], "adds up the gradients of what is used twice"),
    **{f"CircularPad{number}d": "adds up copies of ever larger parts" for number in (1, 2, 3)},
}
"""Kinds whose elementwise work depends on how torch runs them; their formula is of a single kernel."""

WITHOUT_META_BACKWARD = ("FractionalMaxPool3d", "MultiMarginLoss", "EmbeddingBag")

BY_THEIR_INPUT = "Bilinear"
"""torch's counter does not know it."""


def traced(case: Case, needed: Needed) -> Gradients:
    device = "cpu" if type(case.layer).__name__ in WITHOUT_META_BACKWARD else "meta"
    module, inputs = module_and_inputs(case, device, needed)
    trace = Profiler(backward=True).profile(module, *inputs).trace
    assert not trace.uncounted
    return Gradients(trace.total("gradient by input"), trace.total("gradient by weight"))


def module_and_inputs(case: Case, device: str, needed: Needed):
    module, inputs = build_network(Network(chain_of(case.layer), case.shape), device)
    for tensor, is_needed in zip(inputs, needed, strict=True):
        tensor.requires_grad_(is_needed and tensor.is_floating_point())
    return module.eval(), inputs


def computed(case: Case, needed: Needed) -> Gradients:
    """By its formulas; without parameters and a gradient by an input there is no backward."""
    if not any(needed) and not case.layer.parameters():
        return Gradients()
    forward = case.layer.cost(case.shape)
    if getattr(case.layer, "window", None) is not None:  # a mask, and which pairs it lets through is data
        forward = replace(forward, valid_macs=forward.macs)
    return case.layer.gradients(case.shape, forward, needed)


def choices(case: Case) -> list[Needed]:
    """Every choice of inputs that need a gradient: indices can't, and targets of a loss are data."""
    further = (
        not case.layer.input_dtype(number) and type(case.layer).__name__[-4:] != "Loss"
        for number, _ in enumerate(case.layer.further_inputs, start=1)
    )
    can_need = [True, *further]
    return [*product(*((False, True) if can else (False,) for can in can_need))]


def without_elementwise(gradients: Gradients) -> list[tuple]:
    return [(cost.macs, cost.valid_macs, cost.bias_adds) for cost in gradients]


def goes_back_as_its_formulas_say(case: Case) -> None:
    for needed in choices(case):
        found, expected = traced(case, needed), computed(case, needed)
        assert without_elementwise(found) == without_elementwise(expected)
        if type(case.layer).__name__ not in WRITTEN_OUT and not _fills_by_copies(case):
            assert found == expected


def _fills_by_copies(case: Case) -> bool:
    return getattr(case.layer, "padding_mode", "") == "circular"


@pytest.mark.parametrize("kind", KINDS)
def test_the_backward_of_a_layer_costs_what_a_trace_of_its_module_says(kind):
    FEW(given(cases(kind))(goes_back_as_its_formulas_say))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_backward_of_a_layer_costs_what_a_trace_of_its_module_says_over_many_cases(kind):
    MANY(given(cases(kind))(goes_back_as_its_formulas_say))()


def goes_back_as_torch_counts(case: Case) -> None:
    groups = getattr(case.layer, "groups", 1)
    forward = case.layer.cost(case.shape)
    every = choices(case)[-1]
    by_input, by_weight = case.layer.gradients(case.shape, forward, every)
    module, inputs = module_and_inputs(case, "meta", every)
    with FlopCounterMode(display=False) as counter:
        output = module(*inputs)
        torch.autograd.backward(output, torch.ones_like(output))
    counted = forward.macs + by_input.macs - by_initial_state(case) + groups * by_weight.macs
    assert counter.get_total_flops() == 2 * counted


def by_initial_state(case: Case) -> int:
    """Step by step torch has none by the initial state of zeros, which a kernel for all steps computes."""
    if not hasattr(case.layer, "num_layers"):
        return 0
    batch = case.shape[not case.layer.batch_first] if len(case.shape) == 3 else 1
    parameters = case.layer.parameters().items()
    return batch * sum(prod(shape) for name, shape in parameters if name.startswith("weight_hh"))


CONTRACTIONS = [kind for kind in KINDS if layer_class(kind).contracts and kind != BY_THEIR_INPUT]


@pytest.mark.parametrize("kind", CONTRACTIONS)
def test_a_contraction_goes_back_as_torchs_counter_counts_but_for_groups_by_weights(kind):
    """It takes the weight gradient of a grouped convolution for `groups` times as much."""
    FEW(given(cases(kind))(goes_back_as_torch_counts))()


def test_a_training_step_of_a_dense_layer_is_three_forwards():
    layer = layer_class("Linear")(1280, 128)
    forward = layer.cost((32, 1280))
    assert layer.gradients((32, 1280), forward, (True,)) == Gradients(
        Cost(5_242_880, 5_242_880), Cost(5_242_880, 5_242_880, 4096)
    )
    assert layer.gradients((32, 1280), forward, (False,)) == Gradients(
        Cost(), Cost(5_242_880, 5_242_880, 4096)
    )


def test_bilinear_goes_back_by_each_of_its_two_inputs():
    layer = layer_class("Bilinear")(3, 4, 5)
    found = layer.gradients((2, 7), layer.cost((2, 7)), (True,))
    assert found == Gradients(Cost(320, 320), Cost(160, 160, 10))


@pytest.mark.parametrize(
    ("mode", "sparse", "operations"),
    [
        ("sum", False, 2 * 3 * 4),
        ("mean", False, 2 * 3 * 4 + 2 * 4),
        ("max", False, 2 * 4),
        ("sum", True, 0),
        ("mean", True, 2 * 4),
    ],
)
def test_a_bag_goes_back_to_the_rows_that_it_is_made_of(mode, sparse, operations):
    """Two bags of three rows of four: all of them are added to, or those with a maximum."""
    layer = layer_class("EmbeddingBag")(9, 4, mode=mode, sparse=sparse)
    found = layer.gradients((2, 3), layer.cost((2, 3)), (False,))
    assert found == Gradients(Cost(elementwise=operations))


@pytest.mark.parametrize(("is_sparse", "sums"), [(False, 2 * 3 * 8), (True, 0)])
def test_a_table_is_added_to_for_each_element_looked_up(is_sparse, sums):
    layer = layer_class("Embedding")(1000, 8, sparse=is_sparse)
    found = layer.gradients((2, 3), layer.cost((2, 3)), (False,))
    assert found == Gradients(Cost(elementwise=sums), Cost())
