"""A user's formula for one of torch's operators holds however a model spells the call."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from tracing.models import Calls

from convcost import Cost, Profiler

GIVEN = 9001

MATRIX = torch.ones(4, 3)
IMAGE = torch.ones(2, 3, 8, 8)


def calls(function, *shape):
    return Calls(function, weight=nn.Parameter(torch.ones(*shape)))


SPELLINGS = {
    "aten::linear": {
        "nn.Linear": (nn.Linear(3, 2), MATRIX),
        "F.linear": (calls(lambda module, x: F.linear(x, module.weight), 2, 3), MATRIX),
        "by name": (calls(lambda module, x: torch.ops.aten.linear(x, module.weight), 2, 3), MATRIX),
        "an overload": (
            calls(lambda module, x: torch.ops.aten.linear.default(x, module.weight), 2, 3),
            MATRIX,
        ),
    },
    "aten::mm": {
        "torch.mm": (calls(lambda module, x: torch.mm(x, module.weight), 3, 2), MATRIX),
        "Tensor.mm": (calls(lambda module, x: x.mm(module.weight), 3, 2), MATRIX),
        "@": (calls(lambda module, x: x @ module.weight, 3, 2), MATRIX),
        "matmul": (calls(lambda module, x: torch.matmul(x, module.weight), 3, 2), MATRIX),
        "nn.Linear without bias": (nn.Linear(3, 2, bias=False), MATRIX),
    },
    "aten::addmm": {
        "torch.addmm": (calls(lambda module, x: torch.addmm(x[:, :1], x, module.weight), 3, 2), MATRIX),
        "addmm_": (calls(lambda module, x: torch.ones(4, 2).addmm_(x, module.weight), 3, 2), MATRIX),
        "nn.Linear": (nn.Linear(3, 2), MATRIX),
    },
    "aten::matmul": {
        "torch.matmul": (calls(lambda module, x: torch.matmul(x, module.weight), 3, 2), MATRIX),
        "@": (calls(lambda module, x: x @ module.weight, 3, 2), MATRIX),
        "by name": (calls(lambda module, x: torch.ops.aten.matmul(x, module.weight), 3, 2), MATRIX),
    },
    "aten::conv2d": {
        "nn.Conv2d": (nn.Conv2d(3, 4, 3), IMAGE),
        "padding='same'": (nn.Conv2d(3, 4, 3, padding="same"), IMAGE),
        "circular": (nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), IMAGE),
        "F.conv2d": (calls(lambda module, x: F.conv2d(x, module.weight), 4, 3, 3, 3), IMAGE),
    },
    "aten::convolution": {
        "nn.Conv2d": (nn.Conv2d(3, 4, 3), IMAGE),
        "nn.ConvTranspose2d": (nn.ConvTranspose2d(3, 4, 3), IMAGE),
        "F.conv2d": (calls(lambda module, x: F.conv2d(x, module.weight), 4, 3, 3, 3), IMAGE),
    },
    "aten::relu": {
        "nn.ReLU": (nn.ReLU(), MATRIX),
        "in place": (Calls(lambda _, x: F.relu(x.clone(), inplace=True)), MATRIX),
        "Tensor.relu_": (Calls(lambda _, x: x.clone().relu_()), MATRIX),
        "F.relu": (Calls(lambda _, x: F.relu(x)), MATRIX),
    },
    "aten::batch_norm": {
        "training": (nn.BatchNorm2d(3), IMAGE),
        "evaluation": (nn.BatchNorm2d(3).eval(), IMAGE),
    },
    "aten::native_batch_norm": {
        "training": (nn.BatchNorm2d(3), IMAGE),
        "evaluation": (nn.BatchNorm2d(3).eval(), IMAGE),
    },
    "aten::layer_norm": {
        "nn.LayerNorm": (nn.LayerNorm(3), MATRIX),
        "F.layer_norm": (Calls(lambda _, x: F.layer_norm(x, (3,))), MATRIX),
    },
    "aten::scaled_dot_product_attention": {
        "F": (Calls(lambda _, x: F.scaled_dot_product_attention(x, x, x)), MATRIX[None]),
    },
    "aten::softmax": {
        "nn.Softmax": (nn.Softmax(-1), MATRIX),
        "F.softmax": (Calls(lambda _, x: F.softmax(x, -1)), MATRIX),
        "Tensor.softmax": (Calls(lambda _, x: x.softmax(-1)), MATRIX),
    },
    "aten::add": {
        "+": (Calls(lambda _, x: x + x), MATRIX),
        "torch.add": (Calls(lambda _, x: torch.add(x, x)), MATRIX),
        "a number": (Calls(lambda _, x: 1 + x), MATRIX),
        "Tensor.add_": (Calls(lambda _, x: x.clone().add_(x)), MATRIX),
    },
    "aten::max_pool2d": {
        "nn.MaxPool2d": (nn.MaxPool2d(2), IMAGE),
        "F.max_pool2d": (Calls(lambda _, x: F.max_pool2d(x, 2)), IMAGE),
    },
    "aten::cross_entropy_loss": {
        "F.cross_entropy": (Calls(lambda _, x: F.cross_entropy(x, torch.tensor([0, 1, 2, 0]))), MATRIX),
    },
}


def cost(**_):
    return Cost(macs=GIVEN)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize(
    ("name", "spelling"), [(name, spelling) for name, ways in SPELLINGS.items() for spelling in ways]
)
def test_a_formula_is_taken_however_the_call_is_spelled(name, spelling, backward):
    module, x = SPELLINGS[name][spelling]
    report = Profiler(backward, {name: cost}).profile(module, x)
    assert report.trace.total("forward").macs == GIVEN
    assert not report.trace.uncounted
    assert not report.trace.unused_formulas


def test_attention_in_a_layer_takes_the_formula_and_its_projections_count_as_before():
    """Projections of 4 positions of 4: 3 into it and 1 out of it."""
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    module = Calls(lambda module, x: module.layer(x, x, x, need_weights=False)[0], layer=layer)
    formulas = {"aten::scaled_dot_product_attention": cost}
    report = Profiler(formulas=formulas).profile(module, torch.ones(1, 4, 4))
    assert report.trace.total("forward").macs == GIVEN + 4 * 4 * 4 * 4


def test_a_formula_for_what_does_not_run_is_said_to_be_unused():
    formulas = {"aten::linaer": cost, "mylib::scan": cost, "aten::linear": cost}
    report = Profiler(formulas=formulas).profile(nn.Linear(3, 2), MATRIX)
    assert report.trace.unused_formulas == ("aten::linaer", "mylib::scan")
