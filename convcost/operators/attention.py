"""Attention: scores of queries and keys, and their product with the values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.attention import MASK, SCALE, SCORE_GRADIENT, causal_pairs
from convcost.layers.operation_counts import SOFTMAX
from convcost.operators.interface import Operand, Operator, size
from convcost.operators.normalization import MASK as DROPOUT_MASK
from convcost.operators.normalization import dropout_operations


def scaled_dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    is_causal: bool = False,
    attn_bias: Operand | None = None,
    dropout_p: float = 0.0,
    **_: Any,
) -> Cost:
    """[*, heads, queries, width] with [*, key_heads, keys, width].

    MACs: heads · queries · keys · (width + value_width).

    Grouped queries share keys and cost the same. All pairs of query and key count as MACs, as in every
    counter. With `is_causal`, query i attends to keys 0 to i, and only those count as valid MACs.
    Elementwise per score: the softmax, the scale, a mask, and dropout, as if they were separate operators.
    """
    outer = arithmetic.elements(query.shape[:-2])
    queries, keys = query.shape[-2], key.shape[-2]
    widths = query.shape[-1] + value.shape[-1]
    scores = outer * queries * keys
    visible = outer * causal_pairs(queries, keys) if is_causal else scores
    attn_mask = attn_bias if attn_mask is None else attn_mask
    per_score = score_operations(attn_mask is not None, dropout_p)
    return Cost(scores * widths, visible * widths, elementwise=per_score * scores)


def score_operations(has_mask: bool, dropout_p: float) -> int:
    """Elementwise operations per score."""
    return SOFTMAX + SCALE + (MASK if has_mask else 0) + dropout_operations(dropout_p)


def flex_attention(
    query: Operand, key: Operand, value: Operand, visible_pairs: Size | None = None, **_: Any
) -> Cost:
    """[batch, heads, queries, width] with [batch, key_heads, keys, width].

    MACs: batch · heads · queries · keys · (width + value_width).

    As in other attention, all pairs of query and key count as MACs. Valid MACs are those of `visible_pairs`,
    the pairs that the block mask allows; None if the mask has no data. `score_mod` is counted separately.
    """
    cost = scaled_dot_product_attention(query, key, value)
    features = query.shape[-1] + value.shape[-1]
    return cost if visible_pairs is None else replace(cost, valid_macs=visible_pairs * features)


def attention_output(
    query: Operand, key: Operand, value: Operand, attn_mask: Operand | None = None, **_: Any
) -> Shape | None:
    """[*, heads, queries, value_width]; None with a mask, broadcasting or grouped queries."""
    fits = query.shape[-1] == key.shape[-1] and key.shape[:-1] == value.shape[:-1]
    is_plain = attn_mask is None and query.shape[:-2] == key.shape[:-2] and len(query.shape) > 2
    return (*query.shape[:-1], value.shape[-1]) if fits and is_plain else None


def activations(query: Operand, key: Operand, output: Operand, **_: Any) -> Size:
    """The scores and the output, as if the two products were separate operators."""
    return size(output) + arithmetic.elements(query.shape[:-1]) * key.shape[-2]


def gradients(needed: frozenset[str], cost: Cost, **arguments: Any) -> dict[str, Cost]:
    """One product each by values, queries and keys, and one for the gradient of the scores.

    By queries or keys, each score also counts 4 operations for the softmax, 1 for the scale and 1 for
    dropout. Work that a fused kernel repeats to save memory is not counted.
    Source: Dao et al., FlashAttention, B.2, where the mask of dropout contains its scale.
    """
    width, value_width = arguments["query"].shape[-1], arguments["value"].shape[-1]
    scores, visible = (macs // (width + value_width) for macs in (cost.macs, cost.valid_macs or 0))

    def product(features: Size) -> Cost:
        return Cost(scores * features, visible * features)

    costs = {name: product(width) for name in ("query", "key") if name in needed}
    for name in list(costs)[:1]:
        per_score = SCORE_GRADIENT + (DROPOUT_MASK if arguments.get("dropout_p") else 0)
        costs[name] += product(value_width) + Cost(elementwise=per_score * scores)
    return costs | ({"value": product(value_width)} if "value" in needed else {})


def decompose(query: Any, key: Any, value: Any, **_: Any) -> Any:
    """Attention as two products of torch tensors, without mask or scale, which do not affect shapes."""
    if key.shape[:-2] != query.shape[:-2]:
        copies = query.shape[-3] // key.shape[-3]
        key, value = (grouped.repeat_interleave(copies, -3) for grouped in (key, value))
    return (query @ key.transpose(-2, -1)).softmax(-1) @ value


ATTENTION = Operator(
    scaled_dot_product_attention, attention_output, activations, gradients=gradients, decompose=decompose
)

FLEX = ATTENTION._replace(cost=flex_attention, output=None)
"""flex_attention is not an ATen operator: some of its arguments are functions."""

KERNELS = (
    "_scaled_dot_product_attention_math",
    "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_cudnn_attention",
    "_scaled_dot_product_fused_attention_overrideable",
    "_scaled_dot_product_attention_math_for_mps",
)

OPERATORS = {
    "scaled_dot_product_attention": ATTENTION,
    **dict.fromkeys(KERNELS, ATTENTION._replace(output=None)),
}
