"""Mixtures of experts: what a token uses of them, in parameters and FLOPs, by hand and as published."""

from functools import partial

import pytest
import torch
from torch import nn
from tracing import language_models as models
from tracing.language_models import transformers

import convcost
from convcost.analysis.dense_experts import dense_experts

N = 6


def test_a_token_uses_two_of_the_eight_experts_of_mixtral():
    report = convcost.cost(models.mixtral(2), phase="decode", context=N)
    expert, table, norms = 3 * 4096 * 14336, 32000 * 4096, 2 * 4096
    attention, router = 2 * 4096 * 4096 + 2 * 4096 * 1024, 8 * 4096
    others = 2 * (attention + router + norms) + 2 * table + 4096
    assert report.params == others + 2 * 8 * expert
    assert report.active_params == others + 2 * 2 * expert
    assert report.active_params_without_embeddings == report.active_params - table
    scores = 2 * (N + 1) * 32 * 128
    assert report.macs == 2 * (attention + router + scores + 2 * expert) + table


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_experts_of_each_implementation_compute_the_tokens_that_are_routed_to_them(phase):
    """Grouped, batched, and one after the other on data: tokens × experts a token, without padding."""
    size = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "vocab_size": 40}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8}
    tokens = N if phase == "prefill" else 1
    for implementation in ("grouped_mm", "batched_mm", "eager"):
        config = transformers.MixtralConfig(**size, **heads)
        model = transformers.AutoModelForCausalLM.from_config(config, experts_implementation=implementation)
        report = convcost.cost(model.eval(), torch.zeros(1, N, dtype=torch.int64), phase=phase)
        routed = sum(row.cost.macs for row in report.rows if row.path.endswith("experts"))
        assert routed == tokens * 2 * 3 * 16 * 24
        [routing] = report.trace.routings
        assert (routing.used, routing.experts, routing.params) == (2, 8, 8 * 3 * 16 * 24)


def test_shared_experts_and_dense_layers_are_active():
    report = convcost.cost(models.deepseek_v3(4), phase="decode", context=2)
    [routing] = report.trace.routings
    expert = 3 * 7168 * 2048
    assert (routing.path, routing.used, routing.experts) == ("model.layers.3.mlp.experts", 8, 256)
    assert report.active_params == report.params - 248 * expert


def test_biases_of_experts_are_as_active_as_their_weights():
    report = convcost.cost(models.gpt_oss(2), phase="decode", context=2)
    expert = 2880 * 5760 + 5760 + 2880 * 2880 + 2880
    assert report.params - report.active_params == 2 * (32 - 4) * expert


def test_experts_that_all_compute_on_every_token_are_counted_and_told():
    report = convcost.cost(models.llama4_scout(1), phase="decode", context=2)
    expert = 3 * 5120 * 8192
    assert sum(row.cost.macs for row in report.rows if row.path.endswith("experts")) == 16 * expert
    assert report.params - report.active_params == 15 * expert
    [found] = dense_experts(report.trace)
    assert (found.computed, found.superfluous_macs) == (16, 15 * expert)


def test_routed_experts_compute_no_more_than_that():
    for make in (models.mixtral, models.gpt_oss, models.deepseek_v3):
        report = convcost.cost(make(4), phase="prefill", context=N)
        assert report.trace.routings
        assert dense_experts(report.trace) == ()


class OwnMixture(nn.Module):
    """Experts in a list, each on the tokens that a router picks."""

    def __init__(self, width=8, experts=4, top_k=2):
        super().__init__()
        self.top_k = top_k
        self.gate = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(nn.Linear(width, width) for _ in range(experts))

    def forward(self, x):
        weights, chosen = self.gate(x).softmax(-1).topk(self.top_k, -1)
        output = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            token, place = torch.where(chosen == number)
            output[token] += expert(x[token]) * weights[token, place, None]
        return output


def test_a_list_of_experts_counts_the_tokens_that_data_routes():
    report = convcost.profile(OwnMixture(), torch.rand(10, 8))
    assert report.macs == 10 * 8 * 4 + 10 * 2 * 8 * 8
    assert report.params == 8 * 4 + 4 * (64 + 8)
    assert report.active_params == 8 * 4 + 2 * (64 + 8)


def test_what_is_equal_is_not_shown():
    report = convcost.profile(nn.Linear(3, 4), torch.rand(1, 3))
    assert report.active_params == report.active_params_without_embeddings == 16
    assert not report.has_detail("active_params")
    mixture = convcost.profile(OwnMixture(), torch.rand(10, 8))
    assert mixture.has_detail("active_params")
    assert not mixture.has_detail("active_params_without_embeddings")


def test_a_tied_table_is_no_mere_embedding():
    report = convcost.cost(models.gemma3(1), phase="decode", context=2)
    assert report.active_params_without_embeddings == report.params
    assert report.params == sum(each.numel() for each in models.gemma3(1).parameters())


WITH_EMBEDDINGS = {
    "Mixtral 8x7B": (models.mixtral, 46.7, 12.9),
    "DeepSeek V3": (models.deepseek_v3, 671.0, 37.6),
    "Qwen3 30B A3B": (models.qwen3_moe, 30.5, 3.4),  # published as 3.3, which is 3.353 cut off
    "Llama 4 Scout, of 109 with vision": (models.llama4_scout, 107.8, 17.2),
}
WITHOUT_EMBEDDINGS = {
    "gpt-oss 20b": (models.gpt_oss, 20.9, 3.6),
    "gpt-oss 120b": (partial(models.gpt_oss, 36, 128), 116.8, 5.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WITH_EMBEDDINGS, *WITHOUT_EMBEDDINGS])
def test_total_and_active_parameters_are_the_published_ones(name):
    """In billions; which of the two conventions is published differs by vendor."""
    make, total, active = (WITH_EMBEDDINGS | WITHOUT_EMBEDDINGS)[name]
    report = convcost.cost(make(), phase="decode", context=2)
    found = report.active_params if name in WITH_EMBEDDINGS else report.active_params_without_embeddings
    assert round(report.params / 1e9, 1) == total
    assert round(found / 1e9, 1) == active
