"""The module that a network describes, and that making it disturbs nothing."""

import pytest
import torch

from convcost.layers.network import Network, chain_of
from convcost.layers.shaping import Dropout
from convcost.spec import parse
from convcost.tracing.network_module import build_network

CHAINS = [
    "[2, 5, 40] -> Linear(40, 4)",
    "[4, 3, 9] -> Conv1d(3, 8, 3, padding=same) -> BatchNorm1d(8) -> Conv1d(8, 8, 5, groups=4, stride=2)",
    "[2, 3, 8, 8] -> Conv2d(3, 6, (3, 1), padding=(1, 0), bias=False) -> GroupNorm(3, 6) -> Flatten",
    "[2, 4, 10] -> ConvTranspose1d(4, 6, 3, stride=2, output_padding=1) -> MaxPool1d(2)",
    "[3, 7] -> Bilinear(3, 4, 5) -> LayerNorm(5) -> Softmax(dim=-1)",
    "[2, 6] -> Embedding(10, 4) -> Linear(4, 3)",
    "[2, 3, 4, 5, 6] -> Conv3d(3, 2, 2) -> AdaptiveAvgPool3d(1)",
    "[4, 3, 9] -> 3 x Conv1d(3, 3, 3, padding=1, padding_mode=circular)",
]
EVERY_CHAIN = pytest.mark.parametrize(
    "spec", CHAINS, ids=[chain.partition("-> ")[2][:30] for chain in CHAINS]
)
REFUSED = Network(chain_of(Dropout(p=2.0)), (3,))
"""A layer that torch doesn't make."""


def built(spec, device="cpu"):
    module, (example,) = build_network(parse(spec).network({}), device)
    return module, example


@EVERY_CHAIN
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_module_has_the_reports_parameters(spec, device):
    module, _ = built(spec, device)
    assert sum(parameter.numel() for parameter in module.parameters()) == parse(spec).report({}).params


@EVERY_CHAIN
def test_every_parameter_has_the_reports_shape(spec):
    module, _ = built(spec)
    shapes = [tuple(parameter.shape) for layer in module for parameter in layer.parameters()]
    assert shapes == [shape for row in parse(spec).report({}).rows for shape in row.parameters.values()]


@EVERY_CHAIN
def test_every_layer_yields_the_reports_output(spec):
    module, value = built(spec)
    shapes = []
    with torch.no_grad():
        for layer in module:
            value = layer(value)
            shapes.append(tuple(value.shape))
    assert shapes == [row.output for row in parse(spec).report({}).rows]


@EVERY_CHAIN
def test_the_example_has_the_reports_input(spec):
    _, example = built(spec, "meta")
    assert tuple(example.shape) == parse(spec).report({}).input


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_everything_is_on_the_device(device):
    module, example = built(CHAINS[1], device)
    devices = {tensor.device.type for tensor in (*module.parameters(), *module.buffers(), example)}
    assert devices == {device}


def test_the_module_is_in_eval_mode():
    module, _ = built(CHAINS[1])
    assert not any(part.training for part in module.modules())


def test_an_embeddings_example_is_of_indices():
    assert built("[2, 6] -> Embedding(10, 4)")[1].dtype == torch.int64


def test_repeated_layers_share_nothing():
    module, _ = built(CHAINS[-1])
    assert len({id(layer) for layer in module}) == 3


def refused():
    with pytest.raises(ValueError, match="dropout probability"):
        build_network(REFUSED, "cpu")


EITHER_WAY = pytest.mark.parametrize(
    "make", [lambda: built(CHAINS[1]), lambda: built(CHAINS[1], "meta"), refused]
)


@EITHER_WAY
def test_the_random_state_is_as_before(make):
    before = torch.random.get_rng_state()
    make()
    assert torch.equal(torch.random.get_rng_state(), before)


@EITHER_WAY
def test_the_default_device_is_as_before(make):
    with torch.device("meta"):
        make()
        assert torch.zeros(1).device.type == "meta"
    assert torch.zeros(1).device.type == "cpu"


@pytest.fixture
def doubles():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@EITHER_WAY
@pytest.mark.usefixtures("doubles")
def test_the_default_dtype_is_as_before(make):
    make()
    assert torch.get_default_dtype() is torch.float64


@pytest.mark.usefixtures("doubles")
def test_example_and_module_are_of_one_dtype():
    module, example = built(CHAINS[0])
    assert module(example).dtype == example.dtype


@EITHER_WAY
@pytest.mark.parametrize("enabled", [True, False])
def test_the_grad_mode_is_as_before(make, enabled):
    with torch.set_grad_enabled(enabled):
        make()
        assert torch.is_grad_enabled() is enabled
