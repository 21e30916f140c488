"""Gradients: what they cost, by input and by weight, by what requires them."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from tracing.models import REFERENCE, Calls

from convcost.tracing.profile import Profiler

PHASES = ("forward", "gradient by input", "gradient by weight", "recomputation")


def phases(module, *inputs):
    trace = Profiler(backward=True).profile(module, *inputs).trace
    return tuple(trace.total(phase).macs for phase in PHASES)


def test_the_first_layer_needs_no_gradient_by_its_input():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    assert phases(model, torch.randn(3, 4)) == (144, 48, 144, 0)


def test_an_input_that_requires_a_gradient_gets_one():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    assert phases(model, torch.randn(3, 4, requires_grad=True)) == (144, 144, 144, 0)


def test_frozen_layers_pass_gradients_on_and_keep_none():
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    model[1].requires_grad_(False)
    assert phases(model, torch.randn(3, 4)) == (336, 240, 144, 0)


def test_below_the_last_trained_layer_nothing_goes_back():
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    model[0].requires_grad_(False)
    assert phases(model, torch.randn(3, 4)) == (336, 48, 240, 0)


def test_lora_trains_only_its_two_thin_matrices():
    def forward(module, x):
        return module.wide(x) + module.up(module.down(x))

    held = {"wide": nn.Linear(64, 64), "down": nn.Linear(64, 2), "up": nn.Linear(2, 64)}
    model = Calls(forward, **held)
    model.wide.requires_grad_(False)
    assert phases(model, torch.randn(10, 64)) == (43520, 1280, 2560, 0)


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_checkpointing_computes_again_is_a_line_of_its_own(reentrant):
    def block(module, x):
        return module.first(F.relu(module.second(x)))

    def forward(module, x):
        return module.last(checkpoint(lambda y: block(module, y), module.stem(x), use_reentrant=reentrant))

    held = {name: nn.Linear(8, 8) for name in ("stem", "first", "second", "last")}
    forward_macs, by_input, by_weight, again = phases(Calls(forward, **held), torch.randn(2, 8))
    assert (forward_macs, by_input, by_weight) == (512, 384, 512)
    assert again == (256 if reentrant else 128)


def test_without_anything_that_requires_a_gradient_there_is_no_backward():
    model = nn.Linear(4, 4).requires_grad_(False)
    assert phases(model, torch.randn(2, 4)) == (32, 0, 0, 0)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_grouped_convolutions_weight_gradient_costs_what_its_forward_does(groups):
    convolution = nn.Conv2d(8, 8, 3, padding=1, groups=groups)
    macs = 2 * 8 * 8 * 8 * (8 // groups) * 9
    assert phases(convolution, torch.randn(2, 8, 8, 8, requires_grad=True)) == (macs, macs, macs, 0)


def written_out_attention(query, key, value, dropout_p):
    scores = query @ key.transpose(-2, -1) * 0.25
    return F.dropout(scores.softmax(-1), dropout_p) @ value


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("trained", [("query", "key", "value"), ("query",), ("key",), ("value",)])
def test_fused_attention_goes_back_as_attention_written_out_does(trained, dropout):
    def training_costs(attend):
        module = Calls(lambda _, *inputs: attend(*inputs, dropout_p=dropout))
        names = ("query", "key", "value")
        inputs = (torch.randn(2, 3, 5, 16, requires_grad=name in trained) for name in names)
        trace = Profiler(backward=True).profile(module, *inputs).trace
        return {phase: trace.total(phase) for phase in PHASES}

    fused = training_costs(F.scaled_dot_product_attention)
    assert fused == training_costs(written_out_attention)
    scores = 2 * 3 * 5 * 5
    per_score = 6 if dropout else 5
    assert fused["gradient by input"].elementwise == (0 if trained == ("value",) else per_score * scores)


def test_causal_attention_has_a_gradient_product_for_each_of_its_matrices():
    def forward(_, query, key, value):
        return F.scaled_dot_product_attention(query, key, value)

    query, key, value = (torch.randn(2, 4, 10, 8, requires_grad=True) for _ in range(3))
    assert phases(Calls(forward), query, key, value) == (12800, 25600, 0, 0)


STACKS = st.lists(
    st.sampled_from(["linear", "relu", "norm", "residual", "frozen", "matmul", "gelu"]),
    min_size=1,
    max_size=6,
)


class Stack(nn.Module):
    def __init__(self, kinds):
        super().__init__()
        self.kinds = kinds
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in kinds)
        self.norm = nn.LayerNorm(6)
        for kind, layer in zip(kinds, self.layers, strict=True):
            layer.requires_grad_(kind != "frozen")

    def forward(self, x):
        for kind, layer in zip(self.kinds, self.layers, strict=True):
            match kind:
                case "relu" | "gelu":
                    x = getattr(F, kind)(x)
                case "norm":
                    x = self.norm(x)
                case "matmul":
                    x = x @ layer.weight
                case "residual":
                    x = x + layer(x)
                case _:
                    x = layer(x)
        return x


def counted_by_torch(module, *inputs):
    with FlopCounterMode(display=False) as counter:
        module(*inputs).sum().backward()
    return counter.get_total_flops() // 2


@settings(max_examples=40)
@given(STACKS)
def test_forward_and_backward_together_are_what_torchs_counter_counts(kinds):
    model = Stack(kinds)
    x = torch.randn(3, 6)
    counted = sum(phases(model, x))
    assert counted == (counted_by_torch(model, x) if any_trained(model, x) else counted)


def any_trained(model, x):
    return model(x).requires_grad


CONVOLUTIONS = [name for name in REFERENCE if "Conv" in name and "rouped" not in name and "depth" not in name]


@pytest.mark.parametrize("name", [*CONVOLUTIONS, "Linear", "einsum", "matrix product", "Linear called twice"])
def test_reference_models_cost_in_training_what_torchs_counter_counts(name):
    module, inputs, _ = REFERENCE[name]()
    inputs = [tensor.requires_grad_() for tensor in inputs]
    assert sum(phases(module, *inputs)) == counted_by_torch(module, *inputs)


def test_what_checkpointing_repeats_is_no_further_call_of_the_module():
    module = Calls(
        lambda module, x: checkpoint(module.layers, x, use_reentrant=False),
        layers=nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)),
    )
    report = Profiler(backward=True).profile(module, torch.ones(5, 4, requires_grad=True))
    assert {found.path: found.calls for found in report.trace.modules}["layers.0"] == 1
    assert report.trace.total("recomputation").macs == 5 * 4 * 3
