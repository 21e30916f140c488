"""Attention as its fused kernels are called: by position first, and sequences of several lengths in a row.

All pairs of a query and a key of the same sequence count; those that a mask or a window lets through are the
valid ones. Where the tensors of lengths have no data, every sequence has the longest keys: an estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Size
from convcost.layers.attention import MASK, SCALE, causal_pairs
from convcost.layers.operation_counts import SOFTMAX
from convcost.operators import attention
from convcost.operators.interface import Operand, Operator, integer_values, outputs, size

UNBOUNDED = (None, -1)
"""What a side of a window is that has no end."""


class Mask(NamedTuple):
    """Which keys a query sees: the query at place i of q stands at the key i + k − q of k, or at i.

    From there it sees `left` keys back and `right` keys on; None is all of them.
    """

    left: int | None = None
    right: int | None = None
    from_first: bool = False

    def seen(self, queries: Size, keys: Size) -> Size:
        """The pairs of a query and a key that it sees."""
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
    """The last query sees all keys, each before it one less."""
    corner = arithmetic.smaller(queries, keys)
    return corner * (corner + 1) // 2 + corner * arithmetic.positive_part(keys - queries)


class Lengths(NamedTuple):
    """The sequences: where each one's queries and keys start, how many keys are in use, and the most."""

    queries: Operand | None = None
    keys: Operand | None = None
    used: Operand | None = None
    longest: Size | None = None

    @property
    def pairs(self) -> list[tuple[int, int]] | None:
        """Queries and keys of each sequence; None without data."""
        starts = integer_values(self.queries)
        keys = integer_values(self.used) or _steps(integer_values(self.keys))
        return None if starts is None or keys is None else list(zip(_steps(starts) or (), keys, strict=False))


def _steps(starts: list[int] | None) -> list[int] | None:
    return starts and [after - before for before, after in pairwise(starts)]


ArgumentReader = Callable[..., tuple[Lengths, Mask]]
"""How a kernel names its lengths and its mask."""


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
    """aten::_flash_attention_forward and _backward, and cuDNN's."""
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
    """torch.nn.attention.varlen."""
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
    """aten::_efficient_attention_forward and _backward; the mask is 1 from the first key, 2 from the last."""
    left = window_size - 1 if window_size else None
    mask = Mask(left, 0 if custom_mask_type else None, custom_mask_type == 1)
    return Lengths(cu_seqlens_q, cu_seqlens_k, seqlen_k, max_seqlen_k), mask


def count_pairs(query: Operand, key: Operand, lengths: Lengths, mask: Mask, heads: int) -> tuple[Size, Size]:
    """All pairs and those that are seen: of [batch, queries, heads, width], or with the `heads` before the
    queries; or of sequences in a row, [all queries, heads, width]."""
    if lengths.queries is None:
        # Heads stand at dimension 2, or at 1 before the positions.
        places = 3 - heads
        outer = query.shape[0] * query.shape[heads]
        queries, keys = query.shape[places], key.shape[places]
        return outer * queries * keys, outer * mask.seen(queries, keys)
    pairs = lengths.pairs
    outer = query.shape[-2]
    if pairs is None:
        most = arithmetic.elements(query.shape[:-1]) * _longest(key, lengths)
        return most, most
    return (
        outer * sum(queries * keys for queries, keys in pairs),
        outer * sum(mask.seen(queries, keys) for queries, keys in pairs),
    )


def _longest(key: Operand, lengths: Lengths) -> Size:
    return key.shape[0] if lengths.longest is None else lengths.longest


def _kernel(read_arguments: ArgumentReader, heads: int = 2) -> Operator:
    def cost(query: Operand, key: Operand, value: Operand, **arguments: Any) -> Cost:
        """Each query meets each key, and each value: pairs · (width of keys + width of values)."""
        every, seen = count_pairs(query, key, *read_arguments(**arguments), heads)
        widths = query.shape[-1] + value.shape[-1]
        biased = arguments.get("bias", arguments.get("attn_bias")) is not None
        elementwise = (SOFTMAX + SCALE + (MASK if biased else 0)) * every
        return Cost(every * widths, seen * widths, elementwise=elementwise)

    return Operator(
        cost,
        activations=_activations(read_arguments, heads),
        estimated=_lacks_lengths(read_arguments),
        gradients=None,
    )


def _gradient(read_arguments: ArgumentReader, heads: int = 2) -> Operator:
    def cost(query: Operand, key: Operand, value: Operand, **arguments: Any) -> Cost:
        """By queries, keys and values: each of the forward's products twice."""
        every, seen = count_pairs(query, key, *read_arguments(**arguments), heads)
        widths = query.shape[-1] + value.shape[-1]
        operands = {"query": query, "key": key, "value": value}
        forward = Cost(every * widths, seen * widths)
        found = attention.gradients(frozenset(operands), forward, **operands)
        return sum(found.values(), Cost())

    return Operator(cost, activations=outputs, estimated=_lacks_lengths(read_arguments))


def _activations(read_arguments: ArgumentReader, heads: int) -> Any:
    def elements(query: Operand, key: Operand, output: Operand, **arguments: Any) -> Size:
        return size(output) + count_pairs(query, key, *read_arguments(**arguments), heads)[0]

    return elements


def _lacks_lengths(read_arguments: ArgumentReader) -> Callable[..., bool]:
    """Whether there are lengths, but not their data."""

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
