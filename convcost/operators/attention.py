"""Attention: scores between queries and keys, and their product with the values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.attention import MASK, SCALE, causal_pairs
from convcost.layers.operation_counts import SOFTMAX
from convcost.operators.interface import Operand, Operator, size


def scaled_dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    is_causal: bool = False,
    attn_bias: Operand | None = None,
    **_: Any,
) -> Cost:
    """[*, heads, queries, width] on [*, key_heads, keys, width].

    MACs: heads · queries · keys · (width + value_width).

    Grouped queries share keys and cost the same. All pairs of query and key count, as in every counter;
    `is_causal` lets query i see keys 0 to i, and only these are valid.
    """
    outer = arithmetic.elements(query.shape[:-2])
    queries, keys = query.shape[-2], key.shape[-2]
    widths = query.shape[-1] + value.shape[-1]
    scores = outer * queries * keys
    seen = outer * causal_pairs(queries, keys) if is_causal else scores
    attn_mask = attn_bias if attn_mask is None else attn_mask
    masked = 0 if attn_mask is None else MASK
    return Cost(scores * widths, seen * widths, elementwise=(SOFTMAX + SCALE + masked) * scores)


def flex_attention(query: Operand, key: Operand, value: Operand, seen: Size | None = None, **_: Any) -> Cost:
    """[batch, heads, queries, width] on [batch, key_heads, keys, width].

    MACs: batch · heads · queries · keys · (width + value_width).

    As in other attention, all pairs of query and key count. Those that the block mask lets through are valid:
    `seen`, if the mask has data, or else all. What `score_mod` computes on each score is counted apart.
    """
    found = scaled_dot_product_attention(query, key, value)
    features = query.shape[-1] + value.shape[-1]
    return found if seen is None else replace(found, valid_macs=seen * features)


def attention_output(
    query: Operand, key: Operand, value: Operand, attn_mask: Operand | None = None, **_: Any
) -> Shape | None:
    """[*, heads, queries, value_width], where nothing is masked, broadcast or grouped."""
    fits = query.shape[-1] == key.shape[-1] and key.shape[:-1] == value.shape[:-1]
    is_plain = attn_mask is None and query.shape[:-2] == key.shape[:-2] and len(query.shape) > 2
    return (*query.shape[:-1], value.shape[-1]) if fits and is_plain else None


def activations(query: Operand, key: Operand, output: Operand, **_: Any) -> Size:
    """The scores and the output, as if the two products were written out."""
    return size(output) + arithmetic.elements(query.shape[:-1]) * key.shape[-2]


def gradients(needed: frozenset[str], cost: Cost, **arguments: Any) -> dict[str, Cost]:
    """By the values one product; by queries and keys one each, and one for the scores that both need.

    What a fused kernel computes again to save memory is not counted. Source: Dao et al., FlashAttention, B.2.
    """
    width, value_width = arguments["query"].shape[-1], arguments["value"].shape[-1]

    def product(features: Size) -> Cost:
        scores, seen = (macs // (width + value_width) for macs in (cost.macs, cost.valid_macs or 0))
        return Cost(scores * features, seen * features)

    found = {name: product(width) for name in ("query", "key") if name in needed}
    for name in list(found)[:1]:
        found[name] += product(value_width)
    return found | ({"value": product(value_width)} if "value" in needed else {})


def decompose(query: Any, key: Any, value: Any, **_: Any) -> Any:
    """Attention as two products, of torch's tensors; what is masked or scaled changes no shape."""
    if key.shape[:-2] != query.shape[:-2]:
        copies = query.shape[-3] // key.shape[-3]
        key, value = (grouped.repeat_interleave(copies, -3) for grouped in (key, value))
    return (query @ key.transpose(-2, -1)).softmax(-1) @ value


ATTENTION = Operator(
    scaled_dot_product_attention, attention_output, activations, gradients=gradients, decompose=decompose
)

FLEX = ATTENTION._replace(cost=flex_attention, output=None)
"""flex_attention is no operator of ATen's: it has functions among its arguments."""

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
