"""Encoders, and encoder-decoders of text and speech: their sizes as published, and their parameters."""

from tracing.huggingface.published import Published

MODEL_CARD = "parameters of the weights on the model's page"


def bert(kind, architecture, hidden, layers, heads, vocabulary, **other):
    return {
        "model_type": kind,
        "architectures": [architecture],
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "vocab_size": vocabulary,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        **other,
    }


def roberta(architecture, hidden, layers, heads, vocabulary=50265, kind="roberta"):
    return bert(
        *(kind, architecture, hidden, layers, heads, vocabulary),
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
    )


def t5(model, feed_forward, layers, heads, key=64, **other):
    return {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "d_model": model,
        "d_ff": feed_forward,
        "num_layers": layers,
        "num_heads": heads,
        "d_kv": key,
        "vocab_size": 32128,
        "is_encoder_decoder": True,
        "decoder_start_token_id": 0,
        **other,
    }


def bart(model, layers, heads, vocabulary=50265, **other):
    return {
        "model_type": "bart",
        "architectures": ["BartModel"],
        "d_model": model,
        "encoder_layers": layers,
        "decoder_layers": layers,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": 4 * model,
        "decoder_ffn_dim": 4 * model,
        "vocab_size": vocabulary,
        "max_position_embeddings": 1024,
        "is_encoder_decoder": True,
        **other,
    }


def whisper(model, encoder_layers, heads, decoder_layers=None, vocabulary=51865, mel=80):
    return {
        "model_type": "whisper",
        "architectures": ["WhisperForConditionalGeneration"],
        "d_model": model,
        "encoder_layers": encoder_layers,
        "decoder_layers": decoder_layers or encoder_layers,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": 4 * model,
        "decoder_ffn_dim": 4 * model,
        "num_mel_bins": mel,
        "vocab_size": vocabulary,
        "max_source_positions": 1500,
        "max_target_positions": 448,
    }


def wav2vec2(kind, architecture, hidden, layers, heads, **other):
    return {
        "model_type": kind,
        "architectures": [architecture],
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        **other,
    }


LARGE_SPEECH = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}

ENCODERS = (
    Published("bert-base-uncased", bert("bert", "BertModel", 768, 12, 12, 30522), 109_482_240, MODEL_CARD),
    Published("bert-large-uncased", bert("bert", "BertModel", 1024, 24, 16, 30522), 335_141_888, MODEL_CARD),
    Published(
        "bert-base-for-masked-lm",
        bert("bert", "BertForMaskedLM", 768, 12, 12, 30522),
        109_514_298,
        MODEL_CARD,
    ),
    Published("roberta-base", roberta("RobertaModel", 768, 12, 12), 124_645_632, MODEL_CARD),
    Published("roberta-large", roberta("RobertaModel", 1024, 24, 16), 355_359_744, MODEL_CARD),
    Published(
        "xlm-roberta-base",
        roberta("XLMRobertaModel", 768, 12, 12, 250002, "xlm-roberta"),
        278_043_648,
        MODEL_CARD,
    ),
    Published(
        "distilbert-base",
        {
            "model_type": "distilbert",
            "architectures": ["DistilBertModel"],
            "dim": 768,
            "hidden_dim": 3072,
            "n_layers": 6,
            "n_heads": 12,
            "vocab_size": 30522,
            "max_position_embeddings": 512,
        },
        66_362_880,
        MODEL_CARD,
    ),
    Published(
        "albert-base-v2",
        bert(
            *("albert", "AlbertModel", 768, 12, 12, 30000),
            embedding_size=128,
            num_hidden_groups=1,
            inner_group_num=1,
        ),
        11_683_584,
        MODEL_CARD,
    ),
    Published(
        "deberta-base",
        bert(
            *("deberta", "DebertaModel", 768, 12, 12, 50265),
            type_vocab_size=0,
            relative_attention=True,
            max_relative_positions=-1,
            pos_att_type=["c2p", "p2c"],
            position_biased_input=False,
        ),
        138_601_728,
        MODEL_CARD,
    ),
    Published(
        "deberta-v3-base",
        bert(
            *("deberta-v2", "DebertaV2Model", 768, 12, 12, 128100),
            type_vocab_size=0,
            relative_attention=True,
            max_relative_positions=-1,
            position_buckets=256,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type=["p2c", "c2p"],
            position_biased_input=False,
        ),
        183_831_552,
        MODEL_CARD,
    ),
    Published(
        "electra-small",
        bert("electra", "ElectraForPreTraining", 256, 12, 4, 30522, embedding_size=128),
        "14M",
        "Clark et al. 2020, table 1",
    ),
    Published(
        "electra-base",
        bert("electra", "ElectraModel", 768, 12, 12, 30522, embedding_size=768),
        108_891_648,
        MODEL_CARD,
    ),
    Published(
        "modernbert-base",
        {
            "model_type": "modernbert",
            "architectures": ["ModernBertModel"],
            "hidden_size": 768,
            "intermediate_size": 1152,
            "num_hidden_layers": 22,
            "num_attention_heads": 12,
            "vocab_size": 50368,
            "local_attention": 128,
            "global_attn_every_n_layers": 3,
        },
        "149M",
        "Warner et al. 2024, table 1",
    ),
    Published(
        "longformer-base",
        {**roberta("LongformerModel", 768, 12, 12), "model_type": "longformer"}
        | {"attention_window": [512] * 12, "max_position_embeddings": 4098},
        148_659_456,
        MODEL_CARD,
    ),
    Published(
        "mobilebert",
        bert(
            "mobilebert",
            "MobileBertModel",
            512,
            24,
            4,
            30522,
            intermediate_size=512,
            classifier_activation=False,
        ),
        24_581_888,
        MODEL_CARD,
    ),
    Published(
        "fnet-base",
        {
            "model_type": "fnet",
            "architectures": ["FNetModel"],
            "hidden_size": 768,
            "intermediate_size": 3072,
            "num_hidden_layers": 12,
            "vocab_size": 32000,
            "type_vocab_size": 4,
            "max_position_embeddings": 512,
        },
        82_861_056,
        MODEL_CARD,
    ),
    Published("t5-small", t5(512, 2048, 6, 8), 60_506_624, MODEL_CARD),
    Published("t5-base", t5(768, 3072, 12, 12), 222_903_552, MODEL_CARD),
    Published("t5-large", t5(1024, 4096, 24, 16), 737_668_096, MODEL_CARD),
    Published("t5-11b", t5(1024, 65536, 24, 128, 128), 11_307_321_344, MODEL_CARD),
    Published("t5-3b", t5(1024, 16384, 24, 32, 128), 2_851_598_336, MODEL_CARD),
    Published("bart-base", bart(768, 6, 12), 139_420_416, MODEL_CARD),
    Published("bart-large", bart(1024, 12, 16), 406_291_456, MODEL_CARD),
    Published(
        "mbart-large-cc25",
        bart(
            *(1024, 12, 16, 250027),
            model_type="mbart",
            architectures=["MBartForConditionalGeneration"],
            scale_embedding=True,
        ),
        610_851_840,
        MODEL_CARD,
    ),
    Published("whisper-tiny", whisper(384, 4, 6), 37_760_640, MODEL_CARD),
    Published("whisper-base", whisper(512, 6, 8), 72_593_920, MODEL_CARD),
    Published("whisper-small", whisper(768, 12, 12), 241_734_912, MODEL_CARD),
    Published("whisper-medium", whisper(1024, 24, 16), 763_857_920, MODEL_CARD),
    Published("whisper-large-v2", whisper(1280, 32, 20), 1_543_304_960, MODEL_CARD),
    Published("whisper-large-v3", whisper(1280, 32, 20, 32, 51866, 128), 1_543_490_560, MODEL_CARD),
    Published("wav2vec2-base", wav2vec2("wav2vec2", "Wav2Vec2Model", 768, 12, 12), 94_371_712, MODEL_CARD),
    Published(
        "wav2vec2-large",
        wav2vec2("wav2vec2", "Wav2Vec2Model", 1024, 24, 16, **LARGE_SPEECH),
        315_438_720,
        MODEL_CARD,
    ),
    Published("hubert-base", wav2vec2("hubert", "HubertModel", 768, 12, 12), 94_371_712, MODEL_CARD),
    Published("wavlm-base", wav2vec2("wavlm", "WavLMModel", 768, 12, 12), 94_381_936, MODEL_CARD),
)
