"""The source code of designs: what it looks like, and that it is the module that the design stands for."""

import pytest
import torch
from designs import designs
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import cases

import convcost
from convcost.analysis.code import module_code
from convcost.core.errors import UsageError
from convcost.layers import KINDS
from convcost.layers.network import Network, chain_of


def module_from(text: str) -> torch.nn.Module:
    """The module that source code defines."""
    names: dict[str, object] = {}
    with torch.device("meta"):
        exec(text, names)
        found = [value for name, value in names.items() if name not in ("torch", "nn", "__builtins__")]
        return found[-1].eval() if isinstance(found[-1], torch.nn.Module) else found[-1]().eval()


def costs_the_same(text: str, report: convcost.Report) -> None:
    inputs = (
        torch.zeros(tensor.shape, dtype=getattr(torch, tensor.dtype or "float32"), device="meta")
        for tensor in report.inputs
    )
    traced = convcost.profile(module_from(text), *inputs)
    assert (traced.cost, traced.params, traced.output) == (report.cost, report.params, report.output)


@settings(max_examples=40, deadline=None)
@given(designs(), st.integers(1, 5))
def test_it_has_the_costs_and_parameters_of_the_design(text, channels):
    costs_the_same(convcost.code(text, C=channels), convcost.cost(text, C=channels))


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(designs(), st.integers(1, 5))
def test_it_has_the_costs_and_parameters_of_the_design_over_many_designs(text, channels):
    costs_the_same(convcost.code(text, C=channels), convcost.cost(text, C=channels))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_has_code(kind):
    def agrees(case):
        network = Network(chain_of(case.layer), case.shape)
        report = network.report()
        module = module_from(module_code(network, report))
        assert sum(parameter.numel() for parameter in module.parameters()) == report.params
        inputs = (
            torch.zeros(tensor.shape, dtype=getattr(torch, tensor.dtype or "float32"), device="meta")
            for tensor in report.inputs
        )
        output = module(*inputs)
        assert tuple((output[0] if isinstance(output, tuple) else output).shape) == report.output

    settings(max_examples=3, deadline=None)(given(cases(kind))(agrees))()


BLOCKS = "block(C) = x + (Conv2d(C, C, 3, padding=1) -> ReLU); net = [2, 4, 8, 8] -> 2 x block(4) -> Flatten"

BLOCKS_CODE = '''\
"""block(C) = x + (Conv2d(C, C, 3, padding=1) -> ReLU)
[2, 4, 8, 8] -> 2 x block(4) -> Flatten

296 parameters, 36,864 MACs on [2, 4, 8, 8].
"""

from torch import nn


class NetBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, 4, 3, padding=1),  # [2, 4, 8, 8]
            nn.ReLU(),  # [2, 4, 8, 8]
        )

    def forward(self, x):
        return x + self.layers(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(*(NetBlock() for _ in range(2)))
        self.flatten = nn.Flatten()  # [2, 256]

    def forward(self, x):
        x = self.blocks(x)
        return self.flatten(x)
'''

CHAIN_CODE = '''\
"""[1, 3, 9] -> Conv1d(3, 8, 3, padding=same, bias=False) -> ReLU -> Conv1d(8, 4, (1,), dtype=torch.float32)

108 parameters, 936 MACs on [1, 3, 9].
"""

import torch
from torch import nn

model = nn.Sequential(
    nn.Conv1d(3, 8, 3, padding="same", bias=False),  # [1, 8, 9]
    nn.ReLU(),  # [1, 8, 9]
    nn.Conv1d(8, 4, (1,), dtype=torch.float32),  # [1, 4, 9]
)
'''


def test_a_chain_is_a_sequential_with_the_shape_of_each_output():
    assert convcost.code(CHAIN_CODE.splitlines()[0][3:]) == CHAIN_CODE


def test_blocks_that_are_repeated_are_a_class_of_their_own():
    assert convcost.code(BLOCKS) == BLOCKS_CODE


def forward_of(text: str) -> list[str]:
    """The statements of the last class's forward."""
    return [line.strip() for line in text.rpartition("def forward")[2].splitlines()[1:]]


@pytest.mark.parametrize(
    ("design", "statements"),
    [
        ("[2, 3] -> (x + ReLU) * GELU", ["return (x + self.relu(x)) * self.gelu(x)"]),
        ("[2, 3] -> concat(x, ReLU, dim=1)", ["return torch.cat([x, self.relu(x)], dim=1)"]),
        ("[2, 3] -> x + [3]", ["return x + x2"]),
        ("[2, 3] -> permute(1, 0) -> reshape(6)", ["return x.permute(1, 0).reshape(6)"]),
        ("[2, 3] -> (x + x) -> mean(1, keepdim=True)", ["x = x + x", "return x.mean(1, keepdim=True)"]),
        ("[2, 3] -> Linear(3, 4)(ReLU)", ["return self.linear(self.relu(x))"]),
        (
            "[2, 3] -> MultiheadAttention(3, 1)(x, ReLU)",
            ["y = self.relu(x)", "return self.multihead_attention(x, y, y, need_weights=False)[0]"],
        ),
    ],
)
def test_a_forward_is_written_as_people_write_it(design, statements):
    assert forward_of(convcost.code(design)) == statements


def test_a_design_named_as_a_layer_is_a_model_all_the_same():
    assert "\nmodel = nn.Sequential(" in convcost.code("Linear = [3] -> Linear(3, 4)")


NAMES = ("true", "none", "class", "def", "nn", "torch", "self", "x", "forward", "super", "print", "_", "a.b")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", ["[3] -> Linear(3, 4) -> ReLU", "[3] -> 2 x (x + Linear(3, 3))"])
def test_a_design_of_any_name_is_a_module(name, design):
    text = f"{name} = {design}"
    costs_the_same(convcost.code(text), convcost.cost(text))


def test_a_design_named_as_a_class_of_ours_does_not_hide_it():
    text = "scaled_dot_product_attention = [2, 3, 12] -> ScaledDotProductAttention(1) -> x + ReLU"
    costs_the_same(convcost.code(text), convcost.cost(text))


def test_sizes_in_powers_of_ten_are_whole_numbers():
    assert "reshape(100, 2)" in convcost.code("[20, 10] -> reshape(1e2, 2.0)")


@pytest.mark.parametrize("function", [convcost.code, convcost.build])
def test_an_open_size_is_refused(function):
    with pytest.raises(UsageError) as error:
        function("[B, E] -> Linear(E, F)", E=3)
    assert str(error.value) == "a module needs a value for every size: F\nAdd F=128."


def test_build_makes_the_module_in_training_mode_with_its_parameters():
    module = convcost.build("[B, C, 8, 8] -> x + Conv2d(C, C, 3, padding=1)", C=4)
    assert module.training
    assert module(torch.zeros(1, 4, 8, 8)).shape == (1, 4, 8, 8)
    assert sum(parameter.numel() for parameter in module.parameters()) == 4 * 4 * 9 + 4


def test_build_draws_its_parameters_as_torch_does():
    torch.manual_seed(3)
    built = convcost.build("Linear(3, 4)")
    torch.manual_seed(3)
    assert torch.equal(built[0].weight, torch.nn.Linear(3, 4).weight)
