"""The formulas: numbers worked by hand, brute force, and the same on every kind of number."""

import numpy
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._dynamo.source import ConstantSource
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv

from convcost.core import arithmetic
from convcost.layers import layer_class
from convcost.layers.taps import taps_on_data

MANY = settings(max_examples=200)
SMALL = st.integers(1, 6)
LENGTHS = st.integers(1, 30)

WORKED_BY_HAND = [
    (layer_class("Conv1d")(8, 16, 3, padding=1), (2, 8, 50), 38_400),
    (layer_class("Conv1d")(8, 16, 3, padding=1, groups=4), (2, 8, 50), 9_600),
    (layer_class("Conv1d")(8, 8, 5, padding=2, groups=8), (2, 8, 50), 4_000),
    (layer_class("Conv1d")(8, 16, 3, stride=2, dilation=2), (2, 8, 50), 17_664),
    (
        layer_class("ConvTranspose1d")(8, 16, 4, stride=2, padding=1, output_padding=1),
        (2, 8, 50),
        51_200,
    ),
    (
        layer_class("ConvTranspose1d")(8, 16, 4, stride=2, padding=1, output_padding=1, groups=4),
        (2, 8, 50),
        12_800,
    ),
    (layer_class("Linear")(32, 64), (2, 10, 32), 40_960),
    (layer_class("Bilinear")(8, 6, 5), (4, 14), 1_080),
    (layer_class("Embedding")(100, 32), (2, 10), 0),
    (layer_class("Linear")(32, 32), (8, 32), 8_192),
]


@pytest.mark.parametrize(("layer", "shape", "macs"), WORKED_BY_HAND, ids=str)
def test_macs_are_those_worked_by_hand(layer, shape, macs):
    assert layer.cost(shape).macs == macs


@pytest.mark.parametrize(
    ("row", "valid_macs"), [(0, 37_888), (4, 50_944)], ids=["convolution", "transposed convolution"]
)
def test_valid_macs_are_those_worked_by_hand(row, valid_macs):
    layer, shape, _ = WORKED_BY_HAND[row]
    assert layer.cost(shape).valid_macs == valid_macs


def windows_that_fit(length, kernel_size, stride, dilation):
    return sum(start + dilation * (kernel_size - 1) < length for start in range(0, length, stride))


@MANY
@given(LENGTHS, SMALL, SMALL, st.integers(0, 6), SMALL)
def test_convolution_length_counts_the_windows_that_fit(length, kernel_size, stride, padding, dilation):
    fitting = windows_that_fit(length + padding, kernel_size, stride, dilation)
    found = arithmetic.convolution_length(length, kernel_size, stride, padding, dilation)
    assert max(found, 0) == fitting


@MANY
@given(LENGTHS, SMALL, SMALL, st.integers(0, 3), SMALL)
def test_pooling_length_in_ceil_mode_counts_windows_that_start_on_padded_data_and_one_that_hangs_over(
    length, kernel_size, stride, half, dilation
):
    padding = min(half, kernel_size // 2)
    span, padded = dilation * (kernel_size - 1) + 1, length + 2 * padding
    starts = [start for start in range(0, padded, stride) if start + span < padded + stride]
    expected = sum(start < length + padding for start in starts)
    geometry = (length, kernel_size, stride, padding, dilation)
    assert max(arithmetic.pooling_length(*geometry, ceil_mode=True), 0) == expected


@MANY
@given(LENGTHS, SMALL, SMALL, st.integers(0, 3), SMALL, st.integers(0, 5))
def test_a_transposed_length_is_one_that_the_convolution_brings_back(
    length, kernel_size, stride, padding, dilation, output_padding
):
    more = min(output_padding, stride - 1)
    longer = arithmetic.transposed_length(length, kernel_size, stride, 2 * padding, more, dilation)
    assert arithmetic.convolution_length(longer, kernel_size, stride, 2 * padding, dilation) == length


@MANY
@given(st.integers(-50, 50), st.integers(-50, 50))
def test_the_smaller_and_the_larger_of_two_are_min_and_max(first, second):
    assert arithmetic.smaller(first, second) == min(first, second)
    assert arithmetic.larger(first, second) == max(first, second)


def test_the_product_of_no_dimensions_is_one():
    assert arithmetic.elements(()) == 1


FORMULAS = [
    (arithmetic.ceil_div, (50, 7)),
    (arithmetic.positive_part, (-5,)),
    (arithmetic.smaller, (50, 7)),
    (arithmetic.larger, (50, 7)),
    (arithmetic.convolution_length, (50, 3, 2, 4, 2)),
    (arithmetic.transposed_length, (50, 4, 2, 2, 1, 1)),
    (lambda *sizes: arithmetic.pooling_length(*sizes, ceil_mode=False), (50, 3, 2, 1, 1)),
    (lambda *sizes: arithmetic.pooling_length(*sizes, ceil_mode=True), (50, 3, 2, 1, 1)),
    (arithmetic.linear_macs, (20, 32, 64)),
    (arithmetic.bilinear_macs, (4, 8, 6, 5)),
    (arithmetic.convolution_macs, (2, 8, 16, 4, 150)),
    (lambda *sizes: arithmetic.elements(sizes), (2, 8, 50)),
    (lambda length, windows, kernel: taps_on_data(length, windows, kernel, 2, 2, 3, 3), (50, 24, 5)),
]
NAMES = [
    *("ceil_div", "positive_part", "smaller", "larger", "convolution_length", "transposed_length"),
    *("pooling_length", "pooling_length in ceil mode", "linear_macs", "bilinear_macs"),
    *("convolution_macs", "elements", "taps_on_data"),
]


def as_symbols(formula, sizes):
    """Through sympy symbols, the numbers put in at the end."""
    symbols = sympy.symbols(f"a:{len(sizes)}", integer=True)
    return formula(*symbols).subs(dict(zip(symbols, sizes, strict=True)))


def as_torch_sizes(formula, sizes):
    """Through the symbolic sizes that torch traces with."""
    environment = ShapeEnv()
    symbols = [
        environment.create_symintnode(
            environment.create_symbol(size, ConstantSource(f"a{place}"), dynamic_dim=DimDynamic.DYNAMIC),
            hint=size,
        )
        if size > 1
        else size
        for place, size in enumerate(sizes)
    ]
    return int(formula(*symbols))


def as_columns(formula, sizes):
    """Through arrays of two rows."""
    return formula(*(numpy.full(2, size, dtype=numpy.int64) for size in sizes)).tolist()[1]


@pytest.mark.parametrize("through", [as_symbols, as_torch_sizes, as_columns], ids=lambda way: way.__name__)
@pytest.mark.parametrize(("formula", "sizes"), FORMULAS, ids=NAMES)
def test_a_formula_gives_the_same_through_every_kind_of_number(formula, sizes, through):
    assert through(formula, sizes) == formula(*sizes)
