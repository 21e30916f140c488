"""Attention as one operator: ONNX's own (opset 23), and the fused ones of ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall


def _attention(call: NodeCall) -> Any:
    """Attention on [batch, heads, positions, width], or on [batch, positions, heads · width].

    Past keys and values (inputs 5 and 6) are prepended. The outputs are the result, all keys, all values, and
    the scores.
    """
    query, key, value = (call.tensor(place) for place in range(3))
    is_flat = query.dim() == 3
    if is_flat:
        heads, key_heads = call.get("q_num_heads", 0), call.get("kv_num_heads", 0)
        if not heads or not key_heads:
            raise UsageError("it does not state the number of heads")
        query = with_heads(query, heads)
        key, value = with_heads(key, key_heads), with_heads(value, key_heads)
    if call.has(4) and call.has(5):
        key = torch.cat((call.tensor(4), key), 2)
        value = torch.cat((call.tensor(5), value), 2)
    output = functional.scaled_dot_product_attention(
        query,
        key,
        value,
        call.optional(3),
        is_causal=bool(call.get("is_causal", 0)) and not call.has(3),
        enable_gqa=bool(query.shape[1] != key.shape[1]),
    )
    output = without_heads(output) if is_flat else output
    scores = query.new_zeros((*query.shape[:3], key.shape[2]))
    return output, key, value, scores


def with_heads(tensor: torch.Tensor, heads: int) -> torch.Tensor:
    """Split heads: [batch, positions, heads · width] to [batch, heads, positions, width]."""
    batch, positions, features = tensor.shape
    return tensor.reshape(batch, positions, heads, features // heads).transpose(1, 2)


def without_heads(tensor: torch.Tensor) -> torch.Tensor:
    """Merge heads: [batch, heads, positions, width] to [batch, positions, heads · width]."""
    batch, heads, positions, width = tensor.shape
    return tensor.transpose(1, 2).reshape(batch, positions, heads * width)


def _rotary_embedding(call: NodeCall) -> torch.Tensor:
    """Rotary embedding, as elementwise work: two products for each element, and their sum."""
    data = call.tensor(0)
    return data * 1.0 + torch.roll(data, 1, -1) * 1.0


def _microsoft_multi_head_attention(call: NodeCall) -> Any:
    """Attention on query, key and value, [batch, positions, features] each, with an optional bias."""
    if not (call.has(1) and call.has(2)) or call.tensor(1).dim() != 3:
        raise UsageError("MultiHeadAttention is supported only with separate queries, keys and values")
    heads = call.get("num_heads", 0)
    query, key, value = (call.tensor(place) for place in range(3))
    if call.has(3):
        parts = torch.split(call.tensor(3), [query.shape[2], key.shape[2], value.shape[2]])
        query, key, value = query + parts[0], key + parts[1], value + parts[2]
    return _attend((query, key, value), heads)


def _microsoft_attention(call: NodeCall) -> Any:
    """The projection to queries, keys and values, then attention."""
    data, weight, bias = call.tensor(0), call.tensor(1), call.optional(2)
    sizes = call.get("qkv_hidden_sizes") or (weight.shape[1] // 3,) * 3
    parts = torch.split(functional.linear(data, weight.mT, bias), list(sizes), -1)
    return _attend(parts, call.get("num_heads", 0), bool(call.get("unidirectional", 0)))


def _attend(parts: Sequence[torch.Tensor], heads: int, is_causal: bool = False) -> torch.Tensor:
    query, key, value = (with_heads(part, heads) for part in parts)
    return without_heads(functional.scaled_dot_product_attention(query, key, value, is_causal=is_causal))


OPERATORS: dict[str, TorchRule] = {
    **{"Attention": _attention, "RotaryEmbedding": _rotary_embedding},
    "com.microsoft.RotaryEmbedding": _rotary_embedding,
    "com.microsoft.MultiHeadAttention": _microsoft_multi_head_attention,
    "com.microsoft.Attention": _microsoft_attention,
}
