"""Attention without projections, as a module: torch only has a function."""

from __future__ import annotations

import torch


class ScaledDotProductAttention(torch.nn.Module):
    """softmax(q kᵀ / √d) v on heads: [*, T, (num_heads + 2·kv_heads)·d] → [*, T, num_heads·d].

    The input is query, key and value concatenated along the last dimension, or three separate inputs.
    """

    def __init__(
        self,
        num_heads: int,
        kv_heads: int | None = None,
        is_causal: bool = False,
        window: int | None = None,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.kv_heads = num_heads if kv_heads is None else kv_heads
        self.is_causal = is_causal
        self.window = window

    def forward(
        self, query: torch.Tensor, key: torch.Tensor | None = None, value: torch.Tensor | None = None
    ) -> torch.Tensor:
        if key is None or value is None:
            width = query.shape[-1] // (self.num_heads + 2 * self.kv_heads)
            sizes = [self.num_heads * width, self.kv_heads * width, self.kv_heads * width]
            query, key, value = torch.split(query, sizes, dim=-1)
        query, key, value = (
            torch.unflatten(part, -1, (heads, -1)).transpose(-2, -3)
            for part, heads in ((query, self.num_heads), (key, self.kv_heads), (value, self.kv_heads))
        )
        mask = self.mask(query.shape[-2], key.shape[-2], query.device)
        output = torch.nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            is_causal=self.is_causal and mask is None,
            enable_gqa=self.kv_heads != self.num_heads,
        )
        return output.transpose(-2, -3).flatten(-2)

    def mask(self, queries: int, keys: int, device: torch.device) -> torch.Tensor | None:
        """The window's mask [queries, keys]: True for visible keys; None without a window."""
        if self.window is None:
            return None
        mask = torch.ones(queries, keys, dtype=torch.bool, device=device).triu(1 - self.window)
        return mask.tril(0 if self.is_causal else self.window - 1)
