"""A Llama-like decoder with grouped queries and a cache: why the next token waits for memory."""

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

import convcost

KeysAndValues = tuple[torch.Tensor, torch.Tensor]


class Block(nn.Module):
    """Attention and a gated MLP, without positions, which cost nothing that is counted as FLOPs."""

    def __init__(self, width: int, hidden: int, heads: int, kv_heads: int) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.size = heads, kv_heads, width // heads
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(2))
        self.query = nn.Linear(width, heads * self.size, bias=False)
        self.key = nn.Linear(width, kv_heads * self.size, bias=False)
        self.value = nn.Linear(width, kv_heads * self.size, bias=False)
        self.output = nn.Linear(heads * self.size, width, bias=False)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor, past: KeysAndValues | None) -> tuple[torch.Tensor, KeysAndValues]:
        y = self.norms[0](x)
        query, key, value = (
            part.unflatten(-1, (-1, self.size)).transpose(1, 2)
            for part in (self.query(y), self.key(y), self.value(y))
        )
        if past:
            key, value = (torch.cat(pair, 2) for pair in zip(past, (key, value), strict=True))
        y = F.scaled_dot_product_attention(query, key, value, is_causal=not past, enable_gqa=True)
        x = x + self.output(y.transpose(1, 2).flatten(2))
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y)), (key, value)


class Decoder(nn.Module):
    """[batch, length] token ids → logits, and the keys and values of each layer."""

    tp_plan: ClassVar = {
        **dict.fromkeys((f"layers.*.{name}" for name in ("query", "key", "value", "gate", "up")), "colwise"),
        **dict.fromkeys(("layers.*.output", "layers.*.down"), "rowwise"),
        "head": "colwise_gather_output",
    }
    """How ranks share the work: by heads and hidden features."""

    def __init__(self, layers: int, width: int, hidden: int, heads: int, kv_heads: int, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.layers = nn.ModuleList(Block(width, hidden, heads, kv_heads) for _ in range(layers))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, words, bias=False)

    def forward(
        self, tokens: torch.Tensor, cache: list[KeysAndValues] | None = None
    ) -> tuple[torch.Tensor, list[KeysAndValues]]:
        x, kept = self.embedding(tokens), []
        for number, layer in enumerate(self.layers):
            x, keys_and_values = layer(x, cache[number] if cache else None)
            kept.append(keys_and_values)
        return self.head(self.norm(x)), kept


def llama_8b(layers: int = 32) -> Decoder:
    """The sizes of Llama 3 8B, in bfloat16."""
    return Decoder(layers, 4096, 14336, heads=32, kv_heads=8, words=128256).to(torch.bfloat16)


if __name__ == "__main__":
    with torch.device("meta"):
        model = llama_8b()
    for context in (1024, 8192, 131072):
        report = convcost.cost(model, phase="decode", context=context)
        flops, cached = report.flops_per_token / 10**9, report.kv_cache_bytes / report.bytes
        print(f"{context:6} tokens: {float(flops):.1f} GFLOPs a token, {cached:.0%} of bytes cached")
