"""Attention by hand: published blocks, masks counted pair by pair, and inputs that look swapped."""

import re
from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost import cost
from convcost.core.cost import Cost
from convcost.core.errors import SpecError
from convcost.layers import layer_class
from convcost.layers.attention import causal_pairs, visible_pairs
from convcost.tracing.network_module import module_class

SIZES = st.integers(1, 9)
WINDOWS = st.none() | st.integers(1, 12)


def sees(query: int, key: int, is_causal: bool, window: int | None) -> bool:
    return (key <= query or not is_causal) and (window is None or abs(query - key) < window)


@settings(max_examples=200)
@given(SIZES, SIZES, st.booleans(), WINDOWS)
def test_visible_pairs_are_those_counted_one_by_one(queries, keys, is_causal, window):
    pairs = product(range(queries), range(keys))
    counted = sum(sees(query, key, is_causal, window) for query, key in pairs)
    assert visible_pairs(queries, keys, is_causal, window) == counted


@settings(max_examples=25)
@given(SIZES, SIZES, st.booleans(), WINDOWS)
def test_valid_macs_are_of_the_pairs_whose_values_reach_the_output(queries, keys, is_causal, window):
    """Values that are the unit vectors of their places make the output the weights of attention."""
    shapes = ((1, queries, 2), (1, keys, 2), (1, keys, keys))
    layer = layer_class("ScaledDotProductAttention")(1, is_causal=is_causal, window=window)
    module = module_class("ScaledDotProductAttention")(**layer.arguments())
    weights = module(torch.rand(shapes[0]), torch.rand(shapes[1]), torch.eye(keys)[None]).nan_to_num()
    seen = int((weights > 0).sum())
    found = replace(layer, further_inputs=shapes[1:]).cost(shapes[0])
    assert (found.valid_macs, found.macs) == (seen * (2 + keys), queries * keys * (2 + keys))


def test_a_causal_mask_lets_half_of_the_pairs_through_and_the_diagonal():
    assert causal_pairs(1024, 1024) == 1024 * 1025 // 2
    assert visible_pairs(1024, 1024, True, 1) == 1024
    assert visible_pairs(8192, 8192, True, 4096) == 4096 * 4097 // 2 + 4096 * 4096


LLAMA_3_8B = """
[B, T, 4096] -> Linear(4096, (32 + 2*8)*128, bias=False)
    -> ScaledDotProductAttention(32, kv_heads=8, is_causal=True) -> Linear(32*128, 4096, bias=False)
"""


def test_the_attention_of_llama_3_8b_is_as_worked_out_by_hand():
    """32 heads of 128 features, 8 of keys and values: 4096 · (4096 + 2 · 1024) weights, and 4096² more."""
    report = cost(LLAMA_3_8B, B=1, T=8192)
    weights = 4096 * 6144 + 4096 * 4096
    assert report.params == weights == 41_943_040
    pairs = 32 * 8192 * 8192
    assert report.macs == 8192 * weights + pairs * 256 == 893_353_197_568
    assert report.valid_macs == 8192 * weights + 32 * (8192 * 8193 // 2) * 256
    assert report.elementwise == 6 * pairs


def test_a_block_of_grouped_queries_is_a_formula_in_its_open_sizes():
    report = cost(
        "[B,T,E] -> Linear(E, (8+2*2)*D) -> ScaledDotProductAttention(8, kv_heads=2) -> Linear(8*D, E)"
    )
    numbers = report.subs(B=2, T=10, E=24, D=3)
    assert numbers.macs == 2 * 10 * (24 * 36 + 24 * 24) + 2 * 8 * 10 * 10 * 6
    assert numbers.output == (2, 10, 24)


def test_multihead_attention_is_four_projections_and_two_products():
    layer = layer_class("MultiheadAttention")(512, 8, batch_first=True)
    found = layer.cost((2, 100, 512))
    macs = 4 * 200 * 512 * 512 + 2 * 2 * 100 * 100 * 512
    assert found == Cost(macs, macs, 4 * 200 * 512, 6 * 2 * 8 * 100 * 100)


def test_cross_attention_projects_the_keys_at_their_own_positions():
    layer = layer_class("MultiheadAttention")(8, 2, kdim=5, vdim=6, add_zero_attn=True)
    found = replace(layer, further_inputs=((7, 3, 5), (7, 3, 6))).cost((4, 3, 8))
    projections = 4 * 3 * 8 * 8 + 7 * 3 * 5 * 8 + 7 * 3 * 6 * 8 + 4 * 3 * 8 * 8
    assert found.macs == projections + 2 * 3 * 4 * 8 * 8


SWAPPED = [
    ("[1, 128, 64] -> MultiheadAttention(64, 8)", {}, "the first dimension (1) as the sequence and"),
    (
        "[8, 128, 64] -> MultiheadAttention(64, 8)",
        {},
        "the second (128) as the batch; use batch_first=True",
    ),
    ("[B, T, 64] -> MultiheadAttention(64, 8)", {}, "the first dimension (B) as the sequence"),
    ("[B, T, E] -> MultiheadAttention(E, 8)", {"E": 64, "T": 9}, "the first dimension (1) as the sequence"),
]


@pytest.mark.parametrize(("spec", "sizes", "words"), SWAPPED)
def test_an_input_whose_batch_comes_first_is_warned_of(spec, sizes, words):
    [warning] = cost(spec, **sizes).warnings
    assert words in warning


PLAIN = [
    "[128, 8, 64] -> MultiheadAttention(64, 8)",
    "[8, 128, 64] -> MultiheadAttention(64, 8, batch_first=True)",
    "[T, B, 64] -> MultiheadAttention(64, 8)",
    "[128, 64] -> MultiheadAttention(64, 8)",
    "MultiheadAttention(64, 8)",
    "[8, 128, 64] -> Linear(64, 8)",
]


@pytest.mark.parametrize("spec", PLAIN)
def test_other_inputs_are_not_warned_of(spec):
    assert cost(spec).warnings == ()


REFUSED = [
    ("[4, 8] -> MultiheadAttention(8, 3)", "num_heads = 3 does not divide embed_dim = 8"),
    ("[4, 9] -> MultiheadAttention(8, 2)", "the input's last dimension is 9, but embed_dim is 8"),
    ("[4, 8] -> MultiheadAttention(8, 2, kdim=5)", "the key's last dimension is 8, but kdim is 5"),
    ("[4, 8] -> MultiheadAttention(8, 2, dropout=2)", "dropout is 2.0; a probability must be from 0 to 1"),
    ("[4, 9] -> ScaledDotProductAttention(2)", "num_heads + 2·kv_heads = 6 does not divide"),
    ("[4, 24] -> ScaledDotProductAttention(4, kv_heads=3)", "kv_heads = 3 does not divide num_heads = 4"),
    ("[4, 24] -> ScaledDotProductAttention(4, window=0)", "window is 0; it must be at least 1"),
    (
        "[24] -> ScaledDotProductAttention(4)",
        "the input [24] has 1 dimension; expected [*, positions, features]",
    ),
]


@pytest.mark.parametrize(("spec", "message"), REFUSED)
def test_what_does_not_fit_is_said(spec, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        cost(spec)
