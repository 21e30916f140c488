"""Fused attention kernels: positions before heads, and packed sequences of different lengths.

All pairs of query and key in the same sequence count as MACs; those that a mask or window allows are valid.
If the tensors of lengths have no data, every sequence is assumed to have the maximum length: an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Size
from convcost.layers.attention import causal_pairs
from convcost.operators import attention
from convcost.operators.interface import Operand, Operator, integer_values, outputs, size

UNBOUNDED = (None, -1)
"""Values for an unbounded side of a window."""


class Mask(NamedTuple):
    """Which keys a query attends to: `left` keys back and `right` keys ahead of its position; None: all.

    Query i of q is at key i if `from_first`, else at key i + k − q of k.
    """

    left: int | None = None
    right: int | None = None
    from_first: bool = False

    def visible_pairs(self, queries: Size, keys: Size) -> Size:
        """The number of pairs of query and key that the mask allows."""
        if self.left in UNBOUNDED and self.right in UNBOUNDED:
            return queries * keys
        if self.left in UNBOUNDED and self.right == 0:
            if self.from_first:
                return causal_pairs(queries, keys)
            return (
                causal_pairs(queries, keys) if queries == keys else _bottom_right_causal_pairs(queries, keys)
            )
        shift = 0 if self.from_first else keys - queries
        return sum(self._span(place + shift, keys) for place in range(queries))

    def _span(self, place: int, keys: int) -> int:
        first = 0 if self.left in UNBOUNDED or self.left is None else max(place - self.left, 0)
        last = keys if self.right in UNBOUNDED or self.right is None else min(place + self.right + 1, keys)
        return max(last - first, 0)


def _bottom_right_causal_pairs(queries: Size, keys: Size) -> Size:
    """The last query attends to all keys, each earlier query to one key less."""
    corner = arithmetic.smaller(queries, keys)
    return corner * (corner + 1) // 2 + corner * arithmetic.positive_part(keys - queries)


class Lengths(NamedTuple):
    """Packed sequences: the start of each one's queries and keys, the keys in use, and the maximum length."""

    queries: Operand | None = None
    keys: Operand | None = None
    used: Operand | None = None
    longest: Size | None = None

    @property
    def pairs(self) -> list[tuple[int, int]] | None:
        """The number of queries and keys of each sequence; None without data."""
        starts = integer_values(self.queries)
        keys = integer_values(self.used) or _steps(integer_values(self.keys))
        return None if starts is None or keys is None else list(zip(_steps(starts) or (), keys, strict=False))


def _steps(starts: list[int] | None) -> list[int] | None:
    return starts and [after - before for before, after in pairwise(starts)]


ArgumentReader = Callable[..., tuple[Lengths, Mask]]
"""Reads the lengths and the mask from a kernel's arguments."""


def flash_arguments(
    cum_seq_q: Any = None,
    cum_seq_k: Any = None,
    max_k: Any = None,
    is_causal: bool = False,
    window_size_left: Any = None,
    window_size_right: Any = None,
    seqused_k: Any = None,
    **_: Any,
) -> tuple[Lengths, Mask]:
    """Arguments of aten::_flash_attention_forward and _backward, and of cuDNN's kernels."""
    right = 0 if is_causal else window_size_right
    return Lengths(cum_seq_q, cum_seq_k, seqused_k, max_k), Mask(window_size_left, right)


def varlen_arguments(
    cu_seq_q: Any,
    cu_seq_k: Any,
    max_k: Any,
    is_causal: bool = False,
    window_size: Sequence[int] | None = None,
    seqused_k: Any = None,
    **_: Any,
) -> tuple[Lengths, Mask]:
    """Arguments of torch.nn.attention.varlen."""
    left, right = window_size or (None, None)
    return Lengths(cu_seq_q, cu_seq_k, seqused_k, max_k), Mask(left, 0 if is_causal else right)


def efficient_arguments(
    cu_seqlens_q: Any = None,
    cu_seqlens_k: Any = None,
    max_seqlen_k: Any = None,
    custom_mask_type: int = 0,
    seqlen_k: Any = None,
    window_size: int | None = None,
    **_: Any,
) -> tuple[Lengths, Mask]:
    """Arguments of aten::_efficient_attention_forward and _backward.

    `custom_mask_type` is 1 for a mask aligned at the first key, 2 at the last one.
    """
    left = window_size - 1 if window_size else None
    mask = Mask(left, 0 if custom_mask_type else None, custom_mask_type == 1)
    return Lengths(cu_seqlens_q, cu_seqlens_k, seqlen_k, max_seqlen_k), mask


def count_pairs(query: Operand, key: Operand, lengths: Lengths, mask: Mask, heads: int) -> tuple[Size, Size]:
    """The number of all pairs, and of those that `mask` allows.

    `query` is [batch, queries, heads, width], with dimension `heads` (2, or 1 if heads come before queries),
    or packed sequences [all queries, heads, width].
    """
    if lengths.queries is None:
        positions = 3 - heads
        outer = query.shape[0] * query.shape[heads]
        queries, keys = query.shape[positions], key.shape[positions]
        return outer * queries * keys, outer * mask.visible_pairs(queries, keys)
    pairs = lengths.pairs
    outer = query.shape[-2]
    if pairs is None:
        most = arithmetic.elements(query.shape[:-1]) * _longest(key, lengths)
        return most, most
    return (
        outer * sum(queries * keys for queries, keys in pairs),
        outer * sum(mask.visible_pairs(queries, keys) for queries, keys in pairs),
    )


def _longest(key: Operand, lengths: Lengths) -> Size:
    return key.shape[0] if lengths.longest is None else lengths.longest


def _kernel(read_arguments: ArgumentReader, heads: int = 2) -> Operator:
    def cost(query: Operand, key: Operand, value: Operand, **arguments: Any) -> Cost:
        """MACs: pairs of query and key · (width of keys + width of values)."""
        pairs, visible = count_pairs(query, key, *read_arguments(**arguments), heads)
        widths = query.shape[-1] + value.shape[-1]
        has_bias = arguments.get("bias", arguments.get("attn_bias")) is not None
        per_score = attention.score_operations(has_bias, arguments.get("dropout_p", 0.0))
        return Cost(pairs * widths, visible * widths, elementwise=per_score * pairs)

    return Operator(
        cost,
        activations=_activations(read_arguments, heads),
        estimated=_lacks_lengths(read_arguments),
        gradients=None,
    )


def _gradient(read_arguments: ArgumentReader, heads: int = 2) -> Operator:
    def cost(query: Operand, key: Operand, value: Operand, **arguments: Any) -> Cost:
        """Gradients by queries, keys and values: twice the MACs of the forward pass."""
        pairs, visible = count_pairs(query, key, *read_arguments(**arguments), heads)
        widths = query.shape[-1] + value.shape[-1]
        operands = {"query": query, "key": key, "value": value}
        forward = Cost(pairs * widths, visible * widths)
        dropout = arguments.get("dropout_p", 0.0)
        gradients = attention.gradients(frozenset(operands), forward, **operands, dropout_p=dropout)
        return sum(gradients.values(), Cost())

    return Operator(cost, activations=outputs, estimated=_lacks_lengths(read_arguments))


def _activations(read_arguments: ArgumentReader, heads: int) -> Any:
    def elements(query: Operand, key: Operand, output: Operand, **arguments: Any) -> Size:
        return size(output) + count_pairs(query, key, *read_arguments(**arguments), heads)[0]

    return elements


def _lacks_lengths(read_arguments: ArgumentReader) -> Callable[..., bool]:
    """A rule that tells whether lengths are given, but without data."""

    def lacks_lengths(**arguments: Any) -> bool:
        lengths, _ = read_arguments(**arguments)
        return lengths.queries is not None and lengths.pairs is None

    return lacks_lengths


OPERATORS = {
    "_flash_attention_forward": _kernel(flash_arguments),
    "_flash_attention_backward": _gradient(flash_arguments),
    "_efficient_attention_forward": _kernel(efficient_arguments),
    "_efficient_attention_backward": _gradient(efficient_arguments),
    "_cudnn_attention_forward": _kernel(flash_arguments, heads=1),
    "_cudnn_attention_backward": _gradient(flash_arguments, heads=1),
    **dict.fromkeys(("torch_attn::_varlen_attn", "torch_attn::_varlen_attn_out"), _kernel(varlen_arguments)),
    "torch_attn::_varlen_attn_backward": _gradient(varlen_arguments),
}
