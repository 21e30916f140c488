"""The memory of a chain by the rules of its layers, against torch as it runs forward and backward."""

import pytest
from cases import Case, cases
from hypothesis import given, settings
from keeping_chains import chains, measured, stated

from convcost import memory
from convcost.layers import KINDS, layer_class
from convcost.layers.network import Network

FEW = settings(max_examples=8)
MANY = settings(max_examples=200)

WITH_STEPS_INSIDE = {
    *("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LocalResponseNorm", "PReLU", "Mish"),
    *("Tanhshrink", "Softsign", "Softmin", "LPPool1d", "LPPool2d", "LPPool3d"),
}
"""torch makes further tensors within their forward or backward, for a moment: the peaks do not know them."""

ELSEWHERE = {"Bilinear": "takes two inputs", "LogSigmoid": "keeps more without CUDA"}

EXACT = [kind for kind in KINDS if kind not in WITH_STEPS_INSIDE and kind not in ELSEWHERE]


def is_plain(case: Case) -> bool:
    """Not filled around a circle, step by step; nor with gradients of an embedding that are sparse."""
    return getattr(case.layer, "padding_mode", "") != "circular" and not getattr(case.layer, "sparse", False)


@pytest.mark.parametrize("kind", EXACT)
def test_a_layer_holds_what_torch_holds_at_once(kind):
    @FEW
    @given(cases(kind).filter(is_plain))
    def holds(case):
        assert stated((case.layer,), case.shape) == measured((case.layer,), case.shape)

    holds()


@pytest.mark.parametrize("kind", sorted(WITH_STEPS_INSIDE))
def test_a_layer_with_steps_inside_keeps_what_torch_keeps_and_holds_more_for_a_moment(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        ours, theirs = stated((case.layer,), case.shape), measured((case.layer,), case.shape)
        assert ours.activations == theirs.activations
        assert ours.training_peak <= theirs.training_peak

    holds()


@settings(max_examples=40)
@given(chains())
def test_a_chain_holds_what_torch_holds_at_once(chain):
    assert stated(*chain) == measured(*chain)


@pytest.mark.slow
@MANY
@given(chains())
def test_a_chain_holds_what_torch_holds_at_once_over_many_cases(chain):
    assert stated(*chain) == measured(*chain)


def test_a_tensor_that_two_neighbours_keep_counts_once():
    linear, relu = layer_class("Linear"), layer_class("ReLU")
    chain = (linear(10, 20), relu(), linear(20, 5))
    found = memory(Network(chain, (7, 10)).report())
    assert found.activations == 4 * 7 * (10 + 20)


def test_statistics_and_indices_and_masks_have_itemsizes_of_their_own():
    chain = (layer_class("BatchNorm2d")(3), layer_class("MaxPool2d")(2), layer_class("Dropout")())
    found = memory(Network(chain, (1, 3, 8, 8)).report(dtype="bfloat16"))
    batch_norm, max_pool, dropout = 2 * 192 + 4 * 6, 2 * 192 + 8 * 48, 48
    assert found.activations == batch_norm + max_pool + dropout
