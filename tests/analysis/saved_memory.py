"""What torch keeps and holds of layers and chains as it runs, and what the rules of the layers say."""

from typing import NamedTuple

import torch
from hypothesis import strategies as st
from layer_cases import Case

from convcost import memory
from convcost.layers import layer_class
from convcost.layers.interface import Layer
from convcost.layers.network import Network, chain_of
from convcost.tracing.isolation.isolated_call import ModuleCall
from convcost.tracing.memory_profile import memory_footprint
from convcost.tracing.network_module import build_network
from convcost.tracing.tensors import first_tensor


def has_rule(case: Case) -> bool:
    """Whether the layer states what it saves on this one input."""
    return not case.layer.unknown_memory


def is_unknown(kind: str) -> bool:
    """Whether no layer of `kind` states what it saves; with attention that depends on its inputs."""
    reason = layer_class(kind).unknown_memory
    return isinstance(reason, str) and bool(reason)


class Saved(NamedTuple):
    """Whether the input and the output are kept, the bytes beside them, and if both are one memory."""

    input: bool
    output: bool
    bytes: int
    shares: bool


def saved(layer: Layer, shape: tuple[int, ...], device: str = "cpu") -> Saved:
    """Of the real module in training, on an input that needs a gradient as inside a network."""
    with torch.device(device):
        module = built((layer,), shape)
        given = _inside(layer, shape)
        further = [_further(layer, number) for number in range(len(layer.further_inputs))]
    own = {number(tensor) for tensor in (*module.parameters(), *module.buffers())}
    found: dict[int, torch.Tensor] = {}

    def pack(tensor):
        found[number(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = first_tensor(module(given, *further))
    ends = number(given), number(output)
    others = [tensor for key, tensor in found.items() if key not in own and key not in ends]
    held = sum(tensor.untyped_storage().nbytes() for tensor in others)
    return Saved(ends[0] in found, ends[1] in found, held, ends[0] == ends[1])


def _inside(layer, shape):
    if layer.input_dtype(0):
        return torch.zeros(shape, dtype=torch.long)
    return torch.rand(shape).requires_grad_() * 1


def _further(layer, number):
    """The input after number `number`; it needs no gradient."""
    dtype = layer.input_dtype(number + 1)
    shape = layer.further_inputs[number]
    return torch.zeros(shape, dtype=getattr(torch, dtype)) if dtype else torch.rand(shape)


def built(layers: tuple[Layer, ...], shape: tuple[int, ...]) -> torch.nn.Module:
    """The real modules in training."""
    module, _ = build_network(Network(chain_of(*layers), shape), torch.get_default_device())
    return module.train()


def number(tensor: torch.Tensor) -> int:
    """Torch's number for the memory that `tensor` is in."""
    return tensor.untyped_storage()._cdata


Shape = tuple[int, ...]

AFTER_FREE = (("ReLU", {"inplace": True}), ("LeakyReLU", {"inplace": True}), ("SiLU", {"inplace": True}))
"""What may write over the output of a layer whose backward does not need it."""

KEEPING_SHAPE = (
    *(("ReLU", {}), ("GELU", {}), ("Sigmoid", {}), ("Hardtanh", {}), ("Softmax", {"dim": 1})),
    *(("Dropout", {}), ("Dropout2d", {}), ("Identity", {}), ("MaxPool2d", {"kernel_size": 3, "stride": 1})),
    ("AvgPool2d", {"kernel_size": 2, "stride": 1}),
)


class Bytes(NamedTuple):
    activations: int
    forward_peak: int
    training_peak: int


def stated(layers: tuple[Layer, ...], shape: Shape) -> Bytes:
    found = memory(Network(chain_of(*layers), shape).report())
    return Bytes(found.activations, found.forward_peak, found.training_peak)


def measured(layers: tuple[Layer, ...], shape: Shape) -> Bytes:
    """With the first and second moments of AdamW, which does not run."""
    found = memory_footprint(ModuleCall(built(layers, shape), (given(layers[0], shape),), {}))
    assert not found.reason
    stored = found.parameters + found.inputs
    return Bytes(found.kept, stored + found.forward, stored + 3 * found.parameters + found.training)


def given(first: Layer, shape: Shape) -> torch.Tensor:
    if first.input_dtype(0):
        return torch.zeros(shape, dtype=torch.long)
    return torch.rand(shape).requires_grad_()


@st.composite
def chains(draw):
    """Convolutions with what usually stands between them, and at times a classifier at the end."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 4)), 16, 16)
    layers, at = [], shape
    for _ in range(draw(st.integers(1, 7))):
        layers.append(draw(next_layer(layers, at)))
        at = layers[-1].output(at)
    if draw(st.booleans()):
        layers.append(layer_class("Flatten")())
        layers.append(layer_class("Linear")(at[1] * at[2] * at[3], draw(st.integers(1, 40))))
    return tuple(layers), shape


@st.composite
def next_layer(draw, layers, at):
    channels, out = at[1], draw(st.integers(1, 6))
    options = [
        ("Conv2d", {"in_channels": channels, "out_channels": out, "kernel_size": 3, "padding": 1}),
        ("Conv2d", {"in_channels": channels, "out_channels": out, "kernel_size": 2, "padding": "same"}),
        ("BatchNorm2d", {"num_features": channels}),
        ("GroupNorm", {"num_groups": 1, "num_channels": channels}),
        ("LayerNorm", {"normalized_shape": at[3]}),
        *KEEPING_SHAPE,
    ]
    if layers and type(layers[-1]).__name__ in ("Conv2d", "BatchNorm2d"):
        options += AFTER_FREE
    kind, arguments = draw(st.sampled_from(options))
    return layer_class(kind)(**arguments)
