"""flex_attention: attention with a function of its own on each score, and a mask in blocks."""

from __future__ import annotations

from typing import Any

import torch
from torch._higher_order_ops.flex_attention import flex_attention as operator

from convcost.operators.attention import FLEX
from convcost.tracing.isolation.tensor_copies import meta_tensor
from convcost.tracing.tensors import has_values
from convcost.tracing.torch_versions import flex_outputs

LARGEST_EVALUATED = 2**24
"""Pairs of query and key for which a mask is asked: more are taken as their blocks say."""


def flex_attention(
    call: Any,
    query: Any,
    key: Any,
    value: Any,
    score_mod: Any,
    block_mask: Any,
    scale: Any,
    kernel_options: Any,
    score_mod_other_buffers: Any = (),
    mask_mod_other_buffers: Any = (),
) -> Any:
    """The output, the logarithms of the sums and, where torch has them, the largest scores."""
    arguments = {"query": query, "key": key, "value": value}
    arguments["visible_pairs"] = unmasked_pairs(query, key, block_mask, mask_mod_other_buffers)
    scores = _modified_scores(call, query, key, score_mod, score_mod_other_buffers)
    if scores is not None:
        arguments["scores"] = scores

    def run() -> Any:
        if call.has_data:
            others = score_mod_other_buffers, mask_mod_other_buffers
            given = query, key, value, score_mod, block_mask, scale, kernel_options, *others
            return call.run_unrecorded(operator, given, {})
        rows = tuple(query.shape[:-1])
        sums = (meta_tensor(rows, query.dtype) for _ in range(flex_outputs() - 1))
        return meta_tensor((*rows, value.shape[-1]), query.dtype), *sums

    return call.run_recorded("higher_order::flex_attention", FLEX, arguments, run)


def _modified_scores(call: Any, query: Any, key: Any, score_mod: Any, buffers: Any) -> Any:
    """The scores that `score_mod` makes of others, which it computes on each; None where it is not there.

    Autograd then goes back through it, to what it adds to scores as well.
    """
    from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex
    from torch.nn.attention.flex_attention import _identity, _vmap_for_bhqkv

    if score_mod is _identity:
        return None
    shape = (*query.shape[:-1], key.shape[-2])
    of_scores = _vmap_for_bhqkv(score_mod, (0,), (None,) * len(buffers))
    needs_gradient = torch.is_grad_enabled() and (query.requires_grad or key.requires_grad)
    scores = query.new_empty(shape).requires_grad_(needs_gradient)
    places = (torch.arange(size, device=query.device) for size in shape)
    with TransformGetItemToIndex(), call.mode:
        return of_scores(scores, *places, *buffers)


def unmasked_pairs(query: Any, key: Any, block_mask: Any, buffers: Any = ()) -> int | None:
    """How many pairs of query and key the mask lets through; None where it has no data, or is none."""
    queries, keys, partial_sizes, partial_places, full_sizes, full_places = block_mask[:6]
    *block, mask_mod = block_mask[-3:]
    if not has_values(partial_sizes) or query.shape[-2] > queries or key.shape[-2] > keys:
        return None  # torch makes a mask of one block where none is given
    with torch._C._DisableTorchDispatch(), torch.no_grad():
        blocks = torch.tensor(block)
        ends = torch.tensor((queries, keys))
        partial = _blocks(partial_sizes, partial_places)
        seen = int(_areas(partial, blocks, ends).sum())
        if int(blocks.prod()) * len(partial) <= LARGEST_EVALUATED:
            seen = _evaluated_mask(partial, blocks, ends, mask_mod, buffers, seen)
        if full_sizes is not None:
            seen += int(_areas(_blocks(full_sizes, full_places), blocks, ends).sum())
    batch, heads = partial_sizes.shape[:2]
    times: int = (query.shape[0] // batch) * (query.shape[1] // heads)
    return seen * times


def _blocks(sizes: Any, places: Any) -> Any:
    """A row for each block: batch, head, and its places among the blocks of queries and of keys."""
    is_there = torch.arange(places.shape[-1], device=places.device) < sizes.unsqueeze(-1)
    batch, head, row, _ = is_there.nonzero(as_tuple=True)
    return torch.stack([batch, head, row, places[is_there]], dim=1).cpu()


def _areas(blocks: Any, sizes: Any, ends: Any) -> Any:
    """The pairs in each of `blocks`, whose last ones may go beyond the ends."""
    return (ends - blocks[:, 2:] * sizes).clamp(max=sizes).clamp(min=0).prod(dim=1)


def _evaluated_mask(blocks: Any, sizes: Any, ends: Any, mask_mod: Any, buffers: Any, otherwise: int) -> int:
    """The pairs in `blocks` that the mask lets through; `otherwise` if it can't be asked."""
    from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex

    inside = torch.cartesian_prod(*map(torch.arange, sizes.tolist()))
    places = (blocks[:, None, 2:] * sizes + inside).flatten(0, 1)
    batch, head = blocks[:, None, :2].expand(-1, len(inside), -1).flatten(0, 1).unbind(1)
    is_inside = (places < ends).all(dim=1)
    rows, columns = places[is_inside].unbind(1)
    ask = torch.vmap(mask_mod, in_dims=(0, 0, 0, 0, *(None for _ in buffers)))
    try:
        with TransformGetItemToIndex():
            return int(ask(batch[is_inside], head[is_inside], rows, columns, *buffers).sum())
    except Exception:  # whatever a user's function raises on tensors that have no data
        return otherwise
