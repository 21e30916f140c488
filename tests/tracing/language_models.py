"""Small language models of transformers by their published shapes, with fewer layers, on the meta device."""

from __future__ import annotations

from typing import Any

import pytest
import torch

transformers: Any = pytest.importorskip("transformers", reason="language models are those of transformers")

BF16 = torch.bfloat16


def on_meta(config: Any, of: Any = None) -> torch.nn.Module:
    """The model of a config without memory, in bfloat16."""
    with torch.device("meta"):
        make = of or transformers.AutoModelForCausalLM.from_config
        return make(config, **({} if of else {"dtype": BF16})).eval()


def llama3_8b(layers: int = 32) -> torch.nn.Module:
    """Llama 3 8B."""
    return on_meta(
        transformers.LlamaConfig(
            hidden_size=4096,
            intermediate_size=14336,
            num_hidden_layers=layers,
            num_attention_heads=32,
            num_key_value_heads=8,
            vocab_size=128256,
            max_position_embeddings=8192,
            rope_theta=500000.0,
        )
    )


def mixtral(layers: int = 32) -> torch.nn.Module:
    """Mixtral 8x7B."""
    return on_meta(transformers.MixtralConfig(num_hidden_layers=layers))


def qwen3_moe(layers: int = 48) -> torch.nn.Module:
    """Qwen3 30B A3B."""
    return on_meta(
        transformers.Qwen3MoeConfig(
            hidden_size=2048,
            num_hidden_layers=layers,
            num_attention_heads=32,
            num_key_value_heads=4,
            head_dim=128,
            moe_intermediate_size=768,
            num_experts=128,
            num_experts_per_tok=8,
            vocab_size=151936,
            tie_word_embeddings=False,
        )
    )


def deepseek_v3(layers: int = 61) -> torch.nn.Module:
    """DeepSeek V3, of which the first three layers are dense."""
    return on_meta(transformers.DeepseekV3Config(num_hidden_layers=layers))


def gpt_oss(layers: int = 24, experts: int = 32) -> torch.nn.Module:
    """gpt-oss 20b, or with 36 layers and 128 experts 120b."""
    return on_meta(transformers.GptOssConfig(num_hidden_layers=layers, num_local_experts=experts))


def llama4_scout(layers: int = 48) -> torch.nn.Module:
    """Llama 4 Scout, without its vision."""
    return on_meta(transformers.Llama4TextConfig(num_hidden_layers=layers))


def mistral(layers: int = 2, window: int = 4096) -> torch.nn.Module:
    """Mistral 7B, whose layers see a window."""
    return on_meta(transformers.MistralConfig(num_hidden_layers=layers, sliding_window=window))


def gemma3(layers: int = 6) -> torch.nn.Module:
    """Gemma 3, of which every sixth layer sees all, the others a window of 512; its head is tied."""
    config = {"hidden_size": 640, "intermediate_size": 2048, "num_attention_heads": 4, "head_dim": 256}
    return on_meta(
        transformers.Gemma3TextConfig(
            num_hidden_layers=layers, num_key_value_heads=1, sliding_window=512, vocab_size=262144, **config
        )
    )


def mamba2(layers: int = 2) -> torch.nn.Module:
    """Mamba 2, whose cache is a state."""
    return on_meta(transformers.Mamba2Config(num_hidden_layers=layers))


def gpt2(layers: int = 2) -> torch.nn.Module:
    """GPT-2, with positions in a table."""
    return on_meta(transformers.GPT2Config(n_layer=layers))


def t5(layers: int = 2) -> torch.nn.Module:
    """T5 small, an encoder and a decoder."""
    return on_meta(transformers.T5Config(num_layers=layers), transformers.T5ForConditionalGeneration)


def zeros(*shape: int) -> torch.Tensor:
    """Token ids without data."""
    return torch.zeros(shape, dtype=torch.int64, device="meta")
