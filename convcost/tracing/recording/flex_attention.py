"""flex_attention: attention with a user's function of each score, and a block mask."""

from __future__ import annotations

from typing import Any

import torch
from torch._higher_order_ops.flex_attention import flex_attention as operator

from convcost.operators.attention import FLEX
from convcost.tracing.isolation.tensor_copies import meta_tensor
from convcost.tracing.tensors import has_values
from convcost.tracing.torch_versions import flex_outputs

LARGEST_EVALUATED = 2**24
"""The most pairs of query and key for which a mask is evaluated; above, whole blocks count."""


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
    """Run flex_attention: the output, the logarithms of the sums and, in newer torch, the largest scores."""
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
    """The scores after `score_mod`, with its elementwise work recorded; None without a `score_mod`.

    Autograd can differentiate them, also by tensors that `score_mod` adds to the scores.
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
    """The number of pairs of query and key that the mask keeps; None without a mask or its data."""
    queries, keys, partial_sizes, partial_places, full_sizes, full_places = block_mask[:6]
    *block, mask_mod = block_mask[-3:]
    if not has_values(partial_sizes) or query.shape[-2] > queries or key.shape[-2] > keys:
        return None  # without a mask, torch makes one of a single block
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
    """A row for each block: batch, head, and its indices among the blocks of queries and of keys."""
    is_there = torch.arange(places.shape[-1], device=places.device) < sizes.unsqueeze(-1)
    batch, head, row, _ = is_there.nonzero(as_tuple=True)
    return torch.stack([batch, head, row, places[is_there]], dim=1).cpu()


def _areas(blocks: Any, sizes: Any, ends: Any) -> Any:
    """The number of pairs in each of `blocks`; the last ones may be cut off at `ends`."""
    return (ends - blocks[:, 2:] * sizes).clamp(max=sizes).clamp(min=0).prod(dim=1)


def _evaluated_mask(blocks: Any, sizes: Any, ends: Any, mask_mod: Any, buffers: Any, otherwise: int) -> int:
    """The number of pairs in `blocks` that the mask keeps; `otherwise` if the mask can't be evaluated."""
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
    except Exception:  # a user's function may raise anything on tensors without data
        return otherwise
