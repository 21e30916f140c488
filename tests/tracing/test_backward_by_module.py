"""The backward of each operator counts with the submodule whose forward called it."""

from collections import Counter
from threading import Thread

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint
from tracing.models import Calls

import convcost
from convcost.spec import parse
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import Profiler


def elementwise_by_path(module, *inputs, phases=("gradient by input", "gradient by weight")):
    counts = Counter()
    for operation in Profiler(backward=True).profile(module, *inputs).trace.operations:
        if operation.phase in phases:
            counts[operation.path] += operation.cost.elementwise
    return dict(+counts)


def chain(*layers):
    """`layers` after a layer with parameters, so that all of them need a gradient."""
    return nn.Sequential(nn.Linear(8, 8), *layers)


NORM, ACTIVATION = 10 * 32, 2 * 32
"""The operations of a gradient of 32 elements."""


@pytest.mark.parametrize(
    ("layer", "operations"),
    [
        (nn.LayerNorm(8), NORM),
        (nn.BatchNorm1d(8), NORM),
        (nn.GroupNorm(2, 8), NORM),
        (nn.ReLU(), ACTIVATION),
        (nn.ReLU(inplace=True), ACTIVATION),
        (nn.GELU(), ACTIVATION),
        (nn.SiLU(), ACTIVATION),
        (nn.Sigmoid(), ACTIVATION),
        (nn.Softmax(-1), 4 * 32),
        (nn.LogSoftmax(-1), 4 * 32),
        (nn.Dropout(0.5), 32),
    ],
    ids=lambda case: type(case).__name__ if isinstance(case, nn.Module) else "",
)
def test_an_elementwise_layer_has_its_own_backward(layer, operations):
    assert elementwise_by_path(chain(layer, nn.Linear(8, 2)), torch.randn(4, 8)) == {"1": operations}


def test_a_function_that_a_module_calls_has_its_backward_in_that_module():
    def block(module, x):
        return F.gelu(module.inner(x))

    model = Calls(
        lambda module, x: module.block(module.stem(x)).relu(),
        stem=nn.Linear(8, 8),
        block=Calls(block, inner=chain(nn.LayerNorm(8))),
    )
    assert elementwise_by_path(model, torch.randn(4, 8)) == {
        "": ACTIVATION,
        "block": ACTIVATION,
        "block.inner.1": NORM,
    }


def test_fused_attention_has_its_backward_in_the_module_that_calls_it():
    def attend(module, x):
        query, key, value = (part(x) for part in (module.query, module.key, module.value))
        return F.scaled_dot_product_attention(query, key, value)

    parts = {name: nn.Linear(8, 8) for name in ("query", "key", "value")}
    model = nn.Sequential(Calls(attend, **parts), nn.ReLU())
    assert elementwise_by_path(model, torch.randn(2, 1, 4, 8)) == {"0": 5 * 2 * 16, "1": 2 * 64}


def test_nothing_inside_a_nested_layer_counts_with_the_model():
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
    found = elementwise_by_path(nn.Sequential(layer), torch.randn(2, 4, 8))
    assert sorted(found) == ["0", "0.norm1", "0.norm2", "0.self_attn"]
    assert (found["0"], found["0.norm1"], found["0.norm2"]) == (2 * 2 * 4 * 16 + 64, 10 * 64, 10 * 64)


DESIGNS = {
    "norms": "[2,4,6,6] -> Conv2d(4,8,3) -> BatchNorm2d(8) -> ReLU -> Conv2d(8,4,1) -> Softmax(1)",
    "tables": "[2,4] -> Embedding(10,8) -> LayerNorm(8) -> SiLU -> Linear(8,4) -> LogSoftmax(-1)",
    "pools": "[2,4,12] -> Conv1d(4,4,3) -> MaxPool1d(2) -> Tanh -> AvgPool1d(5) -> Flatten -> Dropout(0.5)",
}


@pytest.mark.parametrize("name", DESIGNS)
def test_each_layer_of_a_design_has_the_backward_that_its_formula_gives(name):
    spec = parse(DESIGNS[name])
    module, inputs = build_network(spec.network({}), "meta")
    rows = convcost.cost(DESIGNS[name], backward=True).rows
    expected = Counter(row.gradients.by_input.elementwise for row in rows)
    found = Counter(elementwise_by_path(module, *inputs).values())
    assert found == Counter({count: times for count, times in expected.items() if count})


def test_the_gradients_of_several_uses_are_summed_in_the_module_that_contains_them():
    def block(module, x):
        return x + module.last(module.norm(x))

    blocks = [Calls(block, norm=nn.LayerNorm(8), last=nn.Linear(8, 8)) for _ in range(3)]
    found = elementwise_by_path(chain(*blocks), torch.randn(4, 8))
    expected = ((f"{place}", f"{place}.norm") for place in (1, 2, 3))
    assert found == {path: count for paths in expected for path, count in zip(paths, (32, NORM), strict=True)}


def test_a_gradient_function_that_adds_keeps_its_sums():
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x.sigmoid()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            gate = x.sigmoid()
            return gradient * (gate + x * gate * (1 - gate))

    model = chain(nn.LayerNorm(8), Calls(lambda _, x: Swish.apply(x)), nn.Linear(8, 2))
    found = elementwise_by_path(model, torch.randn(4, 8))
    assert found["1"] == NORM
    assert set(found) == {"1", "2"}


def test_the_gradients_of_a_shared_weight_are_summed_in_its_module():
    model = Calls(lambda module, x: module.layer(module.layer(x).relu()), layer=nn.Linear(8, 8))
    assert elementwise_by_path(model, torch.randn(4, 8)) == {"": ACTIVATION, "layer": 64 + 8}


@pytest.mark.parametrize("reentrant", [False, True])
def test_what_checkpointing_computes_again_counts_where_it_first_did(reentrant):
    def inner(module, x):
        return module.norm(F.relu(x + 1)).sigmoid()

    def block(module, x):
        return checkpoint(lambda y: inner(module, y), x, use_reentrant=reentrant)

    blocks = (Calls(block, norm=nn.LayerNorm(8)) for _ in range(2))
    model, x = chain(*blocks, nn.Linear(8, 2)), torch.randn(4, 8)
    gradients = {"1": 2 * ACTIVATION, "1.norm": NORM, "2": 2 * ACTIVATION, "2.norm": NORM}
    assert elementwise_by_path(model, x) == gradients
    again = elementwise_by_path(model, x, phases=("recomputation",))
    assert set(again) == set(gradients)
    assert (again["1"], again["1.norm"]) == (again["2"], again["2.norm"])


def test_a_module_that_runs_in_a_thread_has_its_backward_or_else_the_model_has():
    def forward(module, x):
        found = []
        thread = Thread(target=lambda: found.append(module.other(module.first(x))))
        thread.start()
        thread.join()
        return module.last(found[0])

    held = {"first": nn.Linear(8, 8), "other": nn.LayerNorm(8), "last": nn.Sigmoid()}
    found = elementwise_by_path(Calls(forward, **held), torch.randn(4, 8))
    assert sum(found.values()) == NORM + ACTIVATION
    assert found.get("last", ACTIVATION) == ACTIVATION
    assert found.get("other", NORM) == NORM


def test_the_forward_is_assigned_as_without_a_backward():
    model = chain(nn.LayerNorm(8), nn.GELU(), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True))
    x = torch.randn(2, 4, 8)
    with_it, without = (Profiler(backward=backward).profile(model, x).rows for backward in (True, False))
    assert [(row.path, row.cost) for row in with_it] == [(row.path, row.cost) for row in without]
