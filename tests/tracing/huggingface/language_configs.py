"""Decoder-only language models: their sizes as published, and how many parameters they are said to have."""

from tracing.huggingface.published import Published

MODEL_CARD = "parameters of the weights on the model's page"

LLAMA3_ROPE = {
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
    "rope_type": "llama3",
}


def llama(hidden, intermediate, layers, heads, kv_heads, vocabulary, **other):
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary,
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "torch_dtype": "bfloat16",
        **other,
    }


def qwen(kind, hidden, intermediate, layers, heads, kv_heads, vocabulary, **other):
    name = {"qwen2": "Qwen2", "qwen3": "Qwen3", "qwen3_moe": "Qwen3Moe", "qwen2_moe": "Qwen2Moe"}[kind]
    return {
        **llama(hidden, intermediate, layers, heads, kv_heads, vocabulary),
        "model_type": kind,
        "architectures": [f"{name}ForCausalLM"],
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        **other,
    }


def gpt2(embedding, layers, heads):
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_embd": embedding,
        "n_layer": layers,
        "n_head": heads,
        "n_positions": 1024,
        "n_ctx": 1024,
        "vocab_size": 50257,
    }


def pythia(hidden, layers, heads, vocabulary=50304, **other):
    return {
        "model_type": "gpt_neox",
        "architectures": ["GPTNeoXForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": vocabulary,
        "max_position_embeddings": 2048,
        "rotary_pct": 0.25,
        "tie_word_embeddings": False,
        "torch_dtype": "float16",
        **other,
    }


def gemma(kind, hidden, intermediate, layers, heads, kv_heads, head_dim, vocabulary=256000, **other):
    name = {"gemma": "Gemma", "gemma2": "Gemma2", "gemma3_text": "Gemma3"}[kind]
    return {
        "model_type": kind,
        "architectures": [f"{name}ForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "head_dim": head_dim,
        "vocab_size": vocabulary,
        "max_position_embeddings": 8192,
        "torch_dtype": "bfloat16",
        **other,
    }


def opt(hidden, ffn, layers, heads, **other):
    return {
        "model_type": "opt",
        "architectures": ["OPTForCausalLM"],
        "hidden_size": hidden,
        "ffn_dim": ffn,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "word_embed_proj_dim": hidden,
        "vocab_size": 50272,
        "max_position_embeddings": 2048,
        "torch_dtype": "float16",
        **other,
    }


def bloom(hidden, layers, heads):
    return {
        "model_type": "bloom",
        "architectures": ["BloomForCausalLM"],
        "hidden_size": hidden,
        "n_layer": layers,
        "n_head": heads,
        "vocab_size": 250880,
        "torch_dtype": "bfloat16",
    }


def mamba(kind, hidden, layers, **other):
    name = {"mamba": "Mamba", "mamba2": "Mamba2"}[kind]
    return {
        "model_type": kind,
        "architectures": [f"{name}ForCausalLM"],
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "tie_word_embeddings": True,
        **other,
    }


def gpt_oss(layers, experts):
    return {
        "model_type": "gpt_oss",
        "architectures": ["GptOssForCausalLM"],
        "hidden_size": 2880,
        "intermediate_size": 2880,
        "num_hidden_layers": layers,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "head_dim": 64,
        "num_local_experts": experts,
        "num_experts_per_tok": 4,
        "sliding_window": 128,
        "vocab_size": 201088,
        "tie_word_embeddings": False,
        "attention_bias": True,
        "max_position_embeddings": 131072,
        "quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": ["lm_head"]},
    }


def starcoder2(hidden, intermediate, layers, heads, kv_heads):
    return {
        "model_type": "starcoder2",
        "architectures": ["Starcoder2ForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "sliding_window": 4096,
        "max_position_embeddings": 16384,
        "use_bias": True,
        "vocab_size": 49152,
    }


def cohere(hidden, intermediate, layers, heads, kv_heads, use_qk_norm=False):
    return {
        "model_type": "cohere",
        "architectures": ["CohereForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "use_qk_norm": use_qk_norm,
        "vocab_size": 256000,
        "torch_dtype": "float16",
    }


def deepseek(kind, hidden, intermediate, moe, layers, heads, experts, **other):
    name = {"deepseek_v2": "DeepseekV2", "deepseek_v3": "DeepseekV3"}[kind]
    return {
        "model_type": kind,
        "architectures": [f"{name}ForCausalLM"],
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "moe_intermediate_size": moe,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "n_routed_experts": experts,
        "kv_lora_rank": 512,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "v_head_dim": 128,
        "max_position_embeddings": 4096,
        "torch_dtype": "bfloat16",
        **other,
    }


LANGUAGE_MODELS = (
    Published("llama-2-7b", llama(4096, 11008, 32, 32, 32, 32000), 6_738_415_616, MODEL_CARD),
    Published("llama-2-70b", llama(8192, 28672, 80, 64, 8, 32000), 68_976_648_192, MODEL_CARD),
    Published("llama-3-8b", llama(4096, 14336, 32, 32, 8, 128256), 8_030_261_248, MODEL_CARD),
    Published("llama-3-70b", llama(8192, 28672, 80, 64, 8, 128256), 70_553_706_496, MODEL_CARD),
    Published(
        "llama-3.1-405b",
        llama(16384, 53248, 126, 128, 8, 128256, rope_scaling=LLAMA3_ROPE),
        405_853_388_800,
        MODEL_CARD,
    ),
    Published(
        "llama-3.2-1b",
        llama(2048, 8192, 16, 32, 8, 128256, tie_word_embeddings=True, rope_scaling=LLAMA3_ROPE),
        1_235_814_400,
        MODEL_CARD,
    ),
    Published(
        "llama-3.2-3b",
        llama(3072, 8192, 28, 24, 8, 128256, tie_word_embeddings=True, rope_scaling=LLAMA3_ROPE),
        3_212_749_824,
        MODEL_CARD,
    ),
    Published("tinyllama-1.1b", llama(2048, 5632, 22, 32, 4, 32000), 1_100_048_384, MODEL_CARD),
    Published(
        "smollm2-135m", llama(576, 1536, 30, 9, 3, 49152, tie_word_embeddings=True), 134_515_008, MODEL_CARD
    ),
    Published("yi-6b", llama(4096, 11008, 32, 32, 4, 64000), 6_061_035_520, MODEL_CARD),
    Published(
        "qwen2.5-0.5b",
        qwen("qwen2", 896, 4864, 24, 14, 2, 151936, tie_word_embeddings=True),
        494_032_768,
        MODEL_CARD,
    ),
    Published("qwen2-7b", qwen("qwen2", 3584, 18944, 28, 28, 4, 152064), 7_615_616_512, MODEL_CARD),
    Published(
        "qwen3-0.6b",
        qwen("qwen3", 1024, 3072, 28, 16, 8, 151936, head_dim=128, tie_word_embeddings=True),
        596_049_920,
        "0.6B on the model card, whose weights store the tied head a second time",
    ),
    Published(
        "qwen3-8b", qwen("qwen3", 4096, 12288, 36, 32, 8, 151936, head_dim=128), 8_190_735_360, MODEL_CARD
    ),
    Published(
        "qwen3-30b-a3b",
        qwen(
            *("qwen3_moe", 2048, 6144, 48, 32, 4, 151936),
            head_dim=128,
            num_experts=128,
            num_experts_per_tok=8,
            moe_intermediate_size=768,
            norm_topk_prob=True,
        ),
        30_532_122_624,
        MODEL_CARD,
    ),
    Published(
        "qwen1.5-moe-a2.7b",
        qwen(
            *("qwen2_moe", 2048, 5632, 24, 16, 16, 151936),
            num_experts=60,
            num_experts_per_tok=4,
            moe_intermediate_size=1408,
            shared_expert_intermediate_size=5632,
        ),
        14_315_784_192,
        MODEL_CARD,
    ),
    Published(
        "mistral-7b",
        llama(
            *(4096, 14336, 32, 32, 8, 32000),
            model_type="mistral",
            architectures=["MistralForCausalLM"],
            sliding_window=4096,
        ),
        7_241_732_096,
        MODEL_CARD,
    ),
    Published(
        "mistral-nemo-12b",
        llama(
            *(5120, 14336, 40, 32, 8, 131072),
            model_type="mistral",
            architectures=["MistralForCausalLM"],
            sliding_window=None,
            head_dim=128,
        ),
        12_247_782_400,
        MODEL_CARD,
    ),
    Published(
        "mixtral-8x7b",
        llama(
            *(4096, 14336, 32, 32, 8, 32000),
            model_type="mixtral",
            architectures=["MixtralForCausalLM"],
            num_local_experts=8,
            num_experts_per_tok=2,
        ),
        46_702_792_704,
        MODEL_CARD,
    ),
    Published(
        "deepseek-v3",
        deepseek(
            *("deepseek_v3", 7168, 18432, 2048, 61, 128, 256),
            q_lora_rank=1536,
            num_experts_per_tok=8,
            n_shared_experts=1,
            first_k_dense_replace=3,
            n_group=8,
            topk_group=4,
            vocab_size=129280,
            routed_scaling_factor=2.5,
            auto_map={"AutoConfig": "configuration_deepseek.DeepseekV3Config"},
            quantization_config={"quant_method": "fp8", "weight_block_size": [128, 128]},
        ),
        "671B",
        "DeepSeek-V3 technical report, without the module for multi-token prediction",
    ),
    Published(
        "deepseek-v2-lite",
        deepseek(
            *("deepseek_v2", 2048, 10944, 1408, 27, 16, 64),
            q_lora_rank=None,
            num_experts_per_tok=6,
            n_shared_experts=2,
            first_k_dense_replace=1,
            vocab_size=102400,
        ),
        15_706_484_224,
        MODEL_CARD,
    ),
    Published("gemma-2b", gemma("gemma", 2048, 16384, 18, 8, 1, 256), 2_506_172_416, MODEL_CARD),
    Published("gemma-7b", gemma("gemma", 3072, 24576, 28, 16, 16, 256), 8_537_680_896, MODEL_CARD),
    Published(
        "gemma-2-2b",
        gemma("gemma2", 2304, 9216, 26, 8, 4, 256, sliding_window=4096),
        2_614_341_888,
        MODEL_CARD,
    ),
    Published(
        "gemma-2-9b",
        gemma("gemma2", 3584, 14336, 42, 16, 8, 256, sliding_window=4096),
        9_241_705_984,
        MODEL_CARD,
    ),
    Published(
        "gemma-3-1b",
        gemma("gemma3_text", 1152, 6912, 26, 4, 1, 256, 262144, sliding_window=512),
        999_885_952,
        MODEL_CARD,
    ),
    Published(
        "phi-3-mini",
        llama(
            *(3072, 8192, 32, 32, 32, 32064),
            model_type="phi3",
            architectures=["Phi3ForCausalLM"],
            sliding_window=2047,
            pad_token_id=32000,
        ),
        3_821_079_552,
        MODEL_CARD,
    ),
    Published(
        "phi-2",
        llama(
            *(2560, 10240, 32, 32, 32, 51200),
            model_type="phi",
            architectures=["PhiForCausalLM"],
            partial_rotary_factor=0.4,
        ),
        2_779_683_840,
        MODEL_CARD,
    ),
    Published("gpt2", gpt2(768, 12, 12), 124_439_808, "124M in the released code"),
    Published("gpt2-medium", gpt2(1024, 24, 16), 354_823_168, "355M in the released code"),
    Published("gpt2-large", gpt2(1280, 36, 20), 774_030_080, "774M in the released code"),
    Published("gpt2-xl", gpt2(1600, 48, 25), 1_557_611_200, "1558M in the released code"),
    Published(
        "gpt-neo-125m",
        {
            "model_type": "gpt_neo",
            "architectures": ["GPTNeoForCausalLM"],
            "hidden_size": 768,
            "num_layers": 12,
            "num_heads": 12,
            "attention_types": [[["global", "local"], 6]],
            "attention_layers": ["global", "local"] * 6,
            "vocab_size": 50257,
            "max_position_embeddings": 2048,
            "window_size": 256,
        },
        125_198_592,
        MODEL_CARD,
    ),
    Published(
        "gpt-j-6b",
        {
            "model_type": "gptj",
            "architectures": ["GPTJForCausalLM"],
            "n_embd": 4096,
            "n_layer": 28,
            "n_head": 16,
            "n_positions": 2048,
            "rotary_dim": 64,
            "vocab_size": 50400,
            "tie_word_embeddings": False,
        },
        6_050_882_784,
        MODEL_CARD,
    ),
    Published("pythia-70m", pythia(512, 6, 8), 70_426_624, "Biderman et al. 2023, table 1"),
    Published("pythia-1b", pythia(2048, 16, 8), 1_011_781_632, "Biderman et al. 2023, table 1"),
    Published("pythia-12b", pythia(5120, 36, 40, 50688), 11_846_072_320, "Biderman et al. 2023, table 1"),
    Published("gpt-neox-20b", pythia(6144, 44, 64, 50432), 20_554_567_680, "Black et al. 2022"),
    Published("opt-125m", opt(768, 3072, 12, 12), 125_239_296, MODEL_CARD),
    Published(
        "opt-350m",
        opt(1024, 4096, 24, 16, word_embed_proj_dim=512, do_layer_norm_before=False),
        331_196_416,
        MODEL_CARD,
    ),
    Published("opt-6.7b", opt(4096, 16384, 32, 32), 6_658_473_984, MODEL_CARD),
    Published("bloom-560m", bloom(1024, 24, 16), 559_214_592, MODEL_CARD),
    Published("bloom-176b", bloom(14336, 70, 112), 176_247_271_424, "Scao et al. 2022 and the model card"),
    Published(
        "falcon-7b",
        {
            "model_type": "falcon",
            "architectures": ["FalconForCausalLM"],
            "hidden_size": 4544,
            "num_hidden_layers": 32,
            "num_attention_heads": 71,
            "multi_query": True,
            "parallel_attn": True,
            "bias": False,
            "alibi": False,
            "new_decoder_architecture": False,
            "vocab_size": 65024,
            "torch_dtype": "bfloat16",
        },
        6_921_720_704,
        MODEL_CARD,
    ),
    Published(
        "mpt-7b",
        {
            "model_type": "mpt",
            "architectures": ["MptForCausalLM"],
            "d_model": 4096,
            "n_heads": 32,
            "n_layers": 32,
            "expansion_ratio": 4,
            "max_seq_len": 2048,
            "vocab_size": 50432,
            "no_bias": True,
            "attn_config": {"alibi": True, "attn_impl": "torch"},
        },
        6_649_286_656,
        MODEL_CARD,
    ),
    Published("mamba-130m", mamba("mamba", 768, 24, vocab_size=50280), 129_135_360, MODEL_CARD),
    Published("mamba-2.8b", mamba("mamba", 2560, 64, vocab_size=50280), "2.8B", "Gu and Dao 2023"),
    Published(
        "mamba2-130m",
        mamba("mamba2", 768, 24, vocab_size=50288, num_heads=24, head_dim=64, n_groups=1, state_size=128),
        128_989_632,
        MODEL_CARD,
    ),
    Published(
        "rwkv-4-169m",
        {
            "model_type": "rwkv",
            "architectures": ["RwkvForCausalLM"],
            "hidden_size": 768,
            "attention_hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "context_length": 1024,
            "vocab_size": 50277,
        },
        169_342_464,
        MODEL_CARD,
    ),
    Published(
        "olmo-1b",
        llama(
            *(2048, 8192, 16, 16, 16, 50304),
            model_type="olmo",
            architectures=["OlmoForCausalLM"],
            tie_word_embeddings=True,
        ),
        1_176_764_416,
        MODEL_CARD,
    ),
    Published(
        "olmo-7b",
        llama(*(4096, 11008, 32, 32, 32, 50304), model_type="olmo", architectures=["OlmoForCausalLM"]),
        6_888_095_744,
        MODEL_CARD,
    ),
    Published(
        "olmoe-1b-7b",
        llama(
            *(2048, 1024, 16, 16, 16, 50304),
            model_type="olmoe",
            architectures=["OlmoeForCausalLM"],
            num_experts=64,
            num_experts_per_tok=8,
        ),
        6_919_161_856,
        MODEL_CARD,
    ),
    Published(
        "granite-3.1-2b",
        llama(
            *(2048, 8192, 40, 32, 8, 49155),
            model_type="granite",
            architectures=["GraniteForCausalLM"],
            tie_word_embeddings=True,
            attention_multiplier=0.015625,
            embedding_multiplier=12.0,
            logits_scaling=8.0,
            residual_multiplier=0.22,
        ),
        2_533_531_648,
        MODEL_CARD,
    ),
    Published("starcoder2-3b", starcoder2(3072, 12288, 30, 24, 2), 3_030_371_328, MODEL_CARD),
    Published("starcoder2-7b", starcoder2(4608, 18432, 32, 36, 4), 7_173_923_840, MODEL_CARD),
    Published("command-r", cohere(8192, 22528, 40, 64, 64), 34_980_831_232, MODEL_CARD),
    Published("command-r-plus", cohere(12288, 33792, 64, 96, 8, True), 103_810_674_688, MODEL_CARD),
    Published("gpt-oss-20b", gpt_oss(24, 32), "20.91B", "gpt-oss model card, table 1"),
    Published("gpt-oss-120b", gpt_oss(36, 128), "116.83B", "gpt-oss model card, table 1"),
    Published(
        "stablelm-2-1.6b",
        llama(
            *(2048, 5632, 24, 32, 32, 100352),
            model_type="stablelm",
            architectures=["StableLmForCausalLM"],
            use_qkv_bias=True,
            partial_rotary_factor=0.25,
        ),
        1_644_515_328,
        MODEL_CARD,
    ),
    Published(
        "jamba-v0.1",
        {
            "model_type": "jamba",
            "architectures": ["JambaForCausalLM"],
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "num_hidden_layers": 32,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "num_experts": 16,
            "num_experts_per_tok": 2,
            "vocab_size": 65536,
            "use_mamba_kernels": False,
            "torch_dtype": "bfloat16",
        },
        51_570_323_328,
        MODEL_CARD,
    ),
)
