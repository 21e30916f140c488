"""What a spec may look like: spellings that mean the same, names, repetitions, values of arguments."""

import pytest

from convcost.layers import layer_class
from convcost.spec import parse

SIZES = {"B": 2, "S": 3, "E": 8, "L": 10, "C": 4, "H": 9, "W": 9}


def layers(text):
    """The layers of a spec, with sizes put in."""
    return read(text).layers


def read(text):
    spec = parse(text)
    return spec.network({name: SIZES[name] for name in spec.names})


SAME_LAYERS = [
    ("Linear(10E, E)", "Linear(10*E, E)"),
    ("Linear(10E, E)", "Linear(10 E, E)"),
    ("Linear(10E, E)", "Linear(E*10, E)"),
    ("Linear(10·E, E)", "Linear(10 × E, E)"),
    ("Linear(2(E + 1), E)", "Linear(2*E + 2, E)"),
    ("Linear(E**2, E)", "Linear(E^2, E)"),
    ("Linear(E**2, E)", "Linear(E*E, E)"),
    ("Linear(E/4, E)", "Linear(E//4, E)"),
    ("Linear(E − 1, E)", "Linear(E - 1, E)"),
    ("Linear(E - 2 - 1, E)", "Linear(E - 3, E)"),
    ("Linear(E/2*3, E)", "Linear(12, E)"),
    ("Linear(2E**2, E)", "Linear(128, E)"),
    ("Linear(1_000, 8)", "Linear(1000, 8)"),
    ("Linear(1e3, 8)", "Linear(1000, 8)"),
    ("Linear(1.5e3, 8)", "Linear(1500, 8)"),
    ("Linear(-2 + E, 8)", "Linear(6, 8)"),
    ("2 x Conv1d(E, E, 3, padding=1)", "2*Conv1d(E, E, 3, padding=1)"),
    ("2 x Conv1d(E, E, 3, padding=1)", "2 × Conv1d(E, E, 3, padding=1)"),
    ("2 x Conv1d(E, E, 3, padding=1)", "2x Conv1d(E, E, 3, padding=1)"),
    ("2 x Conv1d(E, E, 3, padding=1)", "Conv1d(E, E, 3, padding=1) x 2"),
    (
        "2 x Conv1d(E, E, 3, padding=1)",
        "Conv1d(E, E, 3, padding=1) -> Conv1d(E, E, 3, padding=1)",
    ),
    ("(Linear(E, E) -> ReLU) x 3", "3 x (Linear(E, E) -> ReLU)"),
    ("(Linear(E, E) -> ReLU) x 2", "Linear(E, E) -> ReLU -> Linear(E, E) -> ReLU"),
    ("((Linear(E, E) -> ReLU) x 2) x 2", "(Linear(E, E) -> ReLU) x 4"),
    ("Linear(E, E) → ReLU", "Linear(E, E) -> ReLU()"),
    ("Linear(E, E)\n  -> ReLU", "Linear(E,E)->ReLU"),
    ("nn.Conv1d(8, 16, 3)", "Conv1d(8, 16, 3)"),
    ("torch.nn.Conv1d(8, 16, 3)", "Conv1d(8, 16, 3)"),
    ("conv1d(8, 16, 3)", "Conv1d(8, 16, 3)"),
    ("Conv1d(8, 16, 3, 2, 1)", "Conv1d(8, 16, 3, stride=2, padding=1)"),
    ("Conv1d(8, 16, 3)", "Conv1d(kernel_size=3, out_channels=16, in_channels=8)"),
    ("Conv1d(8, 16, 3,)", "Conv1d(8, 16, 3)"),
    ("Conv1d(E, E, 3, padding=same)", "Conv1d(E, E, 3, padding='same')"),
    ("Conv1d(E, E, 3, padding=same)", 'Conv1d(E, E, 3, padding="same")'),
    ("Conv1d(E, E, 3, padding=1.0)", "Conv1d(E, E, 3, padding=1)"),
    ("Conv2d(3, 8, [3, 5])", "Conv2d(3, 8, (3, 5))"),
    ("Conv2d(3, 8, (3, 5,))", "Conv2d(3, 8, (3, 5))"),
    ("Conv2d(3, 8, (E - 5))", "Conv2d(3, 8, 3)"),
    ("Conv2d(3, 8, (E - 5, E/2))", "Conv2d(3, 8, (3, 4))"),
    ("MaxPool2d(3, None)", "MaxPool2d(3)"),
    ("[B, E] -> LeakyReLU(1/8)", "[B, E] -> LeakyReLU(0.125)"),
    ("[B, E] -> Threshold(-1, 20)", "[B, E] -> Threshold(-1.0, 20.0)"),
    ("[B, E] -> Dropout(.5)", "[B, E] -> Dropout(5e-1)"),
]


@pytest.mark.parametrize(("one", "other"), SAME_LAYERS)
def test_two_spellings_mean_the_same_layers(one, other):
    assert layers(one) == layers(other)


READ_AS = [
    ("Conv1d(E, 2E, kernel_size=5, stride=2, groups=E/4, dilation=2, bias=False)",
     layer_class("Conv1d")(8, 16, 5, stride=2, groups=2, dilation=2, bias=False)),
    ("AdaptiveAvgPool2d((None, 7))", layer_class("AdaptiveAvgPool2d")((None, 7))),
    ("[B, E] -> Softmax(-1)", layer_class("Softmax")(-1)),
    ("[B, E] -> Softmax(None)", layer_class("Softmax")(None)),
    ("[B, E] -> Unflatten(1, (2, -1))", layer_class("Unflatten")(1, (2, -1))),
    ("[B, E] -> Hardtanh(-2, 2)", layer_class("Hardtanh")(-2.0, 2.0)),
    ("[B, E] -> GELU(tanh)", layer_class("GELU")("tanh")),
    ("[B, E] -> ReLU(True)", layer_class("ReLU")(True)),
    ("LayerNorm((L, E))", layer_class("LayerNorm")((10, 8))),
    ("BatchNorm1d(8, momentum=None)", layer_class("BatchNorm1d")(8, momentum=None)),
    ("BatchNorm1d(8, eps=1e-3, bias=False)", layer_class("BatchNorm1d")(8, 1e-3, bias=False)),
    ("Embedding(100, 8, padding_idx=-1)", layer_class("Embedding")(100, 8, -1)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "layer"), READ_AS)
def test_an_argument_is_read_as_torch_would_take_it(text, layer):
    assert layers(text) == (layer,)


def test_a_chain_has_its_layers_in_order_and_its_input():
    network = read("[B*S, E, L] -> Conv1d(E, E, 3, padding=same) -> ReLU -> Conv1d(E, E, 3, padding=same)")
    assert network.input == (6, 8, 10)
    assert [str(layer) for layer in network.layers] == [
        "Conv1d(8, 8, 3, padding=same)",
        "ReLU()",
        "Conv1d(8, 8, 3, padding=same)",
    ]


def test_a_name_stands_before_the_equals_sign():
    network = read("dense = [B, S, L*E] -> Linear(L*E, E)")
    assert (network.name, network.text, network.input) == (
        "dense",
        "[B, S, L*E] -> Linear(L*E, E)",
        (2, 3, 80),
    )


NAMED = [
    ("Linear(8, 8)", "Linear"),
    ("2 x Conv1d(8, 8, 1)", "2 x Conv1d"),
    ("3 x (Linear(8, 8) -> ReLU)", "3 x (Linear -> ReLU)"),
    ("Linear(8, 8) -> ReLU -> ReLU -> Linear(8, 2)", "Linear -> ... -> Linear"),
]


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_a_spec_without_a_name_is_called_after_its_layers(text, name):
    assert read(text).name == name
