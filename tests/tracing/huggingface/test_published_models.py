"""Published models of transformers: parameters as published, FLOPs as FlopCounterMode counts them."""

import pytest
import torch

pytest.importorskip("transformers", reason="transformers is not installed")

from tracing.huggingface.models import PUBLISHED, built, counted_flops, reduced, report_of

pytestmark = pytest.mark.filterwarnings("ignore")

SLOW_SCANS = ("mamba-130m", "mamba-2.8b", "mamba2-130m", "rwkv-4-169m", "jamba-v0.1")
"""They run a loop over the tokens: 16 will do."""

FOURIER = ("fnet-base",)
"""FlopCounterMode has no formula for a Fourier transform."""


def inputs_of(name):
    return {"input_ids": torch.zeros(1, 16, dtype=torch.long)} if name in SLOW_SCANS else {}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_model_has_as_many_parameters_as_published(name):
    count = sum(parameter.numel() for parameter in built(name).parameters())
    assert PUBLISHED[name].has_params(count), f"{count:,}"


def compare(name, changes):
    report, inputs = report_of(name, changes, **inputs_of(name)), inputs_of(name)
    assert (report.trace.ran, report.trace.uncounted, report.trace.is_partial) == ("shapes", (), False)
    fourier = sum(each.cost.macs for each in report.trace.operations if "_fft_" in each.operator)
    assert (fourier > 0) == (name in FOURIER)
    assert report.flops - 2 * fourier == counted_flops(name, changes, **inputs)
    return report


QUICK = (
    *("llama-2-7b", "llama-3-70b", "qwen2.5-0.5b", "qwen3-30b-a3b", "mistral-7b", "mixtral-8x7b"),
    *("deepseek-v3", "gemma-2-2b", "gemma-3-1b", "phi-3-mini", "gpt2", "gpt-neo-125m", "pythia-70m"),
    *("opt-350m", "bloom-560m", "falcon-7b", "mamba-130m", "mamba2-130m", "rwkv-4-169m", "gpt-oss-20b"),
    *("bert-base-uncased", "albert-base-v2", "deberta-base", "fnet-base", "t5-small"),
    *("whisper-tiny", "wav2vec2-base", "vit-base-16", "swin-tiny", "convnext-tiny", "clip-vit-b-32"),
    "segformer-b0",
)


@pytest.mark.parametrize("name", QUICK)
def test_a_model_of_few_layers_costs_what_flop_counter_mode_counts(name):
    compare(name, reduced(PUBLISHED[name].config))


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_whole_model_costs_what_flop_counter_mode_counts(name):
    assert PUBLISHED[name].has_params(compare(name, {}).params)
