"""Valid MACs: taps on real data, against counting them one by one, and against torch on tensors of ones."""

from itertools import product
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import cases
from torch_modules import torch_module

from convcost.layers import layer_class

FEW = settings(max_examples=15)

PLAIN = ("Conv1d", "Conv2d", "Conv3d")
TRANSPOSED = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")


def taps_on_data(data: int, positions: int, window) -> int:
    """(position, kernel) pairs along one dimension whose place lies in the `data`, counted one by one."""
    places = (
        position * window.stride + step * window.dilation - window.before
        for position, step in product(range(positions), range(window.kernel_size))
    )
    return sum(0 <= place < data for place in places)


def expected_valid_macs(layer, shape, data, positions) -> int:
    dimensions = zip(data, positions, layer.windows, strict=True)
    batch = prod(shape[: -layer.spatial - 1])
    channel_pairs = layer.in_channels * layer.out_channels // layer.groups
    return batch * channel_pairs * prod(taps_on_data(*dimension) for dimension in dimensions)


@pytest.mark.parametrize("kind", PLAIN)
def test_a_convolution_has_the_valid_macs_that_counting_each_tap_gives(kind):
    @FEW
    @given(cases(kind).filter(lambda case: case.layer.padding_mode == "zeros"))
    def holds(case):
        layer, shape = case
        lengths = layer.output(shape)[-layer.spatial :]
        expected = expected_valid_macs(layer, shape, shape[-layer.spatial :], lengths)
        assert layer.cost(shape).valid_macs == expected

    holds()


@pytest.mark.parametrize("kind", TRANSPOSED)
def test_a_transposed_convolution_has_the_valid_macs_that_counting_each_tap_gives(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        layer, shape = case
        lengths = layer.output(shape)[-layer.spatial :]
        expected = expected_valid_macs(layer, shape, lengths, shape[-layer.spatial :])
        assert layer.cost(shape).valid_macs == expected

    holds()


@pytest.mark.parametrize("kind", PLAIN + TRANSPOSED)
def test_ones_convolved_with_ones_sum_to_the_valid_macs(kind):
    zeros = "zeros"

    @FEW
    @given(cases(kind).filter(lambda case: case.layer.padding_mode == zeros))
    @torch.no_grad()
    def holds(case):
        module = torch_module(case.layer, "cpu").double()
        for name, tensor in module.named_parameters():
            tensor.fill_(1 if name == "weight" else 0)
        total = module(torch.ones(case.shape, dtype=torch.float64)).sum().item()
        assert case.layer.cost(case.shape).valid_macs == total

    holds()


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("kind", PLAIN)
def test_padding_that_repeats_data_leaves_every_mac_valid(kind, mode):
    @FEW
    @given(cases(kind).filter(lambda case: case.layer.padding_mode == mode))
    def holds(case):
        cost = case.layer.cost(case.shape)
        assert cost.valid_macs == cost.macs

    holds()


@pytest.mark.parametrize("kind", PLAIN + TRANSPOSED)
def test_without_padding_every_mac_is_valid(kind):
    spatial = int(kind[-2])

    @FEW
    @given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.integers(10, 14))
    def holds(kernel_size, stride, dilation, length):
        layer = layer_class(kind)(2, 4, kernel_size, stride=stride, dilation=dilation)
        cost = layer.cost((2, 2, *(length,) * spatial))
        assert cost.valid_macs == cost.macs > 0

    holds()


def test_the_founding_convolution_has_two_of_thirty_taps_on_padding():
    cost = layer_class("Conv1d")(128, 128, 3, padding=1).cost((1, 128, 10))
    assert (cost.macs, cost.valid_macs) == (128 * 128 * 30, 128 * 128 * 28)


def test_the_odd_column_of_same_padding_comes_after_the_data():
    even = layer_class("Conv1d")(1, 1, 2, padding="same").cost((1, 1, 5))
    assert (even.macs, even.valid_macs) == (10, 9)
