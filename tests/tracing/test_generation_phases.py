"""Language models by phase: FLOPs by hand and as FlopCounterMode has them, and what is cached."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from tracing import language_models as models
from tracing.language_models import zeros

import convcost
from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.profile import Profiler

B, N = 2, 40
LLAMA_LAYER = 2 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336)
"""FLOPs of a token in the projections of a layer of Llama 3 8B."""

LLAMA_HEAD = 2 * 4096 * 128256


@pytest.fixture(scope="module")
def llama():
    return models.llama3_8b(layers=3)


def test_decode_of_llama_is_what_it_is_by_hand(llama):
    report = convcost.cost(llama, phase="decode", context=8192)
    keys = 8192 + 1
    assert report.flops == 3 * (LLAMA_LAYER + 2 * 2 * keys * 32 * 128) + LLAMA_HEAD
    assert report.tokens == 1
    assert report.flops_per_token == report.flops


def test_prefill_of_llama_is_what_it_is_by_hand(llama):
    report = convcost.cost(llama, f"input_ids=i64[{B},{N}]", phase="prefill", context=N)
    attention = 2 * 2 * N * N * 32 * 128
    assert report.flops == B * (N * (3 * LLAMA_LAYER + LLAMA_HEAD) + 3 * attention)
    assert report.tokens == B * N
    assert report.flops_per_token * B * N == report.flops


def test_the_cache_of_llama_takes_131072_bytes_a_token_with_all_its_layers():
    """2 · 32 layers · 8 heads · 128 · 2 bytes."""
    report = convcost.cost(models.llama3_8b(), f"i64[{B},{N}]", phase="prefill")
    assert report.kv_cache_bytes == B * N * 131072
    assert [(each.name, each.shape, each.occurrences) for each in report.generation.cache] == [
        ("keys", (B, 8, N, 128), 32),
        ("values", (B, 8, N, 128), 32),
    ]


def test_the_cache_is_read_once_or_written_once(llama):
    """Beside the parameters, the ids and the logits."""
    for phase, tokens in (("prefill", N), ("decode", 1)):
        report = convcost.cost(llama, f"i64[1,{N}]", phase=phase)
        ends = tokens * 8 + tokens * 128256 * 2
        assert report.bytes == 2 * report.params + ends + report.kv_cache_bytes


def test_the_prompt_of_decode_is_not_counted(llama):
    """Nor does its length show in anything but attention and elementwise work on the scores."""
    short, long = (convcost.cost(llama, phase="decode", context=context) for context in (8, 64))
    assert long.flops - short.flops == 3 * 4 * (64 - 8) * 32 * 128
    assert [row.calls for row in short.rows] == [row.calls for row in long.rows]
    assert short.trace.inputs[0].shape == (1, 1)


STEPS = {
    "llama": lambda: models.llama3_8b(2),
    "mistral": lambda: models.mistral(window=16),
    "gemma3": models.gemma3,
    "gpt2": models.gpt2,
    "mamba2": models.mamba2,
    "llama4": lambda: models.llama4_scout(4),
}


@pytest.mark.parametrize("name", STEPS)
def test_both_phases_agree_with_the_counter_of_torch_on_the_same_calls(name):
    model = STEPS[name]()
    with torch.no_grad():
        with FlopCounterMode(display=False) as prompt:
            cache = model(input_ids=zeros(B, N), use_cache=True)["cache"]
        with FlopCounterMode(display=False) as step:
            model(input_ids=zeros(B, 1), cache=cache)
    inputs = {"input_ids": zeros(B, N)}
    assert Profiler(phase="prefill").profile(model, **inputs).flops == prompt.get_total_flops()
    assert Profiler(phase="decode").profile(model, **inputs).flops == step.get_total_flops()


def test_a_decoder_steps_on_what_its_encoder_returned():
    model = models.t5()
    inputs = {"input_ids": zeros(1, 64), "decoder_input_ids": zeros(1, 12)}
    with torch.no_grad():
        output = model(**inputs, use_cache=True)
        encoded, cache = (output["encoder_last_hidden_state"],), output["cache"]
        with FlopCounterMode(display=False) as step:
            model(decoder_input_ids=zeros(1, 1), encoder_outputs=encoded, cache=cache)
    report = Profiler(phase="decode").profile(model, **inputs)
    assert report.flops == step.get_total_flops()
    itemsize, pairs, width = 4, 2 * 2, 8 * 64
    assert report.kv_cache_bytes == pairs * (12 + 64) * width * itemsize


def test_a_layer_with_a_window_keeps_what_is_in_it():
    """Of transformers: the window less the next token. In the step, as many keys as the window has."""
    window, context = 16, 100
    report = convcost.cost(models.mistral(2, window), phase="decode", context=context)
    layer = 2 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336)
    assert report.kv_cache_bytes == 2 * 2 * 8 * 128 * (window - 1) * 2
    assert report.flops == 2 * (layer + 4 * window * 32 * 128) + 2 * 4096 * 32000


def test_a_layer_with_a_window_keeps_the_prompt_while_it_is_shorter():
    report = convcost.cost(models.mistral(2, window=16), phase="decode", context=10)
    assert report.kv_cache_bytes == 2 * 2 * 8 * 128 * 10 * 2


def test_layers_with_and_without_a_window_each_keep_their_own():
    report = convcost.cost(models.gemma3(), phase="decode", context=1000)
    assert report.kv_cache_bytes == 2 * 256 * 2 * (5 * 511 + 1000)


def test_latent_attention_keeps_what_the_implementation_stores():
    """Transformers stores the latent of 512 and 64 for the position, and expands them in each step."""
    report = convcost.cost(models.deepseek_v3(4), phase="decode", context=100)
    assert report.kv_cache_bytes == 4 * (512 + 64) * 100 * 2
    assert {each.shape for each in report.generation.cache} == {(1, 1, 100, 512), (1, 1, 100, 64)}
    expanded = next(row for row in report.rows if row.path.endswith("layers.0.self_attn.kv_b_proj"))
    assert expanded.cost.macs == (100 + 1) * 512 * 128 * (128 + 128)


def test_a_state_is_as_large_for_every_context():
    short, long = (convcost.cost(models.mamba2(), phase="decode", context=size) for size in (8, 64))
    assert short.kv_cache_bytes == long.kv_cache_bytes == 2 * (10240 * 4 * 2 + 128 * 64 * 128 * 4)
    assert short.flops == long.flops


def test_an_open_context_gives_formulas():
    report = convcost.cost(models.llama3_8b(1), phase="decode", context="T")
    at = report.subs(B=4, T=8192)
    assert str(report.kv_cache_bytes) == "4096*B*T"
    assert at.flops == 4 * (LLAMA_LAYER + 4 * (8192 + 1) * 32 * 128 + LLAMA_HEAD)
    assert at.tokens == 4
    assert at.kv_cache_bytes == 4 * 8192 * 4096
    assert at.flops_per_token * 4 == at.flops


def test_a_window_decides_for_which_contexts_a_formula_holds():
    report = convcost.cost(models.mistral(1, window=4096), "i64[1,T]", phase="prefill")
    assert "T ≤ 4,095" in [each.text for each in report.assumptions]


class OwnDecoder(nn.Module):
    """A user's own: it takes the keys and values of each layer in a list, and returns them in a tuple."""

    def __init__(self, layers=2, width=16, vocabulary=32):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(nn.Linear(width, 3 * width, bias=False) for _ in range(layers))
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens, past=None):
        x, kept = self.embedding(tokens), []
        for number, layer in enumerate(self.layers):
            query, key, value = layer(x).chunk(3, -1)
            if past is not None:
                key, value = (torch.cat(pair, 1) for pair in zip(past[number], (key, value), strict=True))
            kept.append((key, value))
            x = x + nn.functional.scaled_dot_product_attention(query, key, value)
        return self.head(x), kept


def test_a_cache_of_tuples_that_a_users_own_module_takes_is_found():
    report = convcost.cost(OwnDecoder(), "i64[B,T]", phase="decode")
    assert report.subs(B=3, T=9).flops == 3 * (2 * (2 * 16 * 48 + 4 * 10 * 16) + 2 * 16 * 32)
    assert report.subs(B=3, T=9).kv_cache_bytes == 3 * 9 * 2 * 2 * 16 * 4
    assert report.params == 32 * 16 + 2 * 16 * 48  # the tied head counts once


def test_it_runs_on_data_where_that_is_needed():
    class Routed(OwnDecoder):
        def forward(self, tokens, past=None):
            assert float(self.embedding(tokens).abs().sum()) > 0
            return super().forward(tokens, past)

    report = Profiler(phase="decode").profile(Routed(), torch.zeros(1, 9, dtype=torch.int64))
    assert report.trace.ran == "data"
    assert report.flops == 2 * (2 * 16 * 48 + 4 * 10 * 16) + 2 * 16 * 32


def test_the_model_is_left_as_it_was(llama):
    before = dict(vars(llama))
    convcost.cost(llama, phase="decode", context=4)
    assert dict(vars(llama)) == before


class WithoutReturn(nn.Module):
    def forward(self, tokens, cache=None):
        return tokens * 2.0


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (nn.Linear(3, 3), {"phase": "decode", "context": 4}, "Linear.forward takes no cache"),
        (WithoutReturn(), {"phase": "decode", "context": 4}, "WithoutReturn.forward returned no cache"),
        (OwnDecoder(), {"phase": "decoding", "context": 4}, "no phase is called decoding"),
        (OwnDecoder(), {"phase": "decode"}, "a phase needs a context, the number of tokens"),
        (OwnDecoder(), {"phase": "decode", "context": 0}, "context is 0; it must be at least 1"),
        (OwnDecoder(), {"phase": "decode", "context": 4, "backward": True}, "decode has no backward"),
        (
            "Linear(3, 4)",
            {"phase": "decode", "context": 4},
            "phases are only for language models that are torch modules",
        ),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(module, options, message):
    with pytest.raises(UsageError, match=message):
        convcost.cost(module, **options)


def test_an_input_that_contradicts_the_context_is_refused(llama):
    with pytest.raises(ConvcostError, match="the input has 40 tokens, but the context is 50"):
        convcost.cost(llama, "i64[1,40]", phase="prefill", context=50)


def test_without_a_phase_context_is_a_size_as_any_other():
    assert convcost.cost("[B, context] -> Linear(context, 4)", context=8, B=1).params == 36
    assert convcost.cost("[B, phase] -> Linear(phase, 4)", phase=8, B=1).params == 36
