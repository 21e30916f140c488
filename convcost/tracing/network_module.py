"""Build the torch module of a spec, and its inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from itertools import count
from typing import Any

import torch

from convcost.layers import is_function
from convcost.layers.dense import Bilinear
from convcost.layers.interface import Layer
from convcost.layers.network import Chain, InputTensor, LayerCall, Network
from convcost.tracing.attention_module import ScaledDotProductAttention
from convcost.tracing.torch_versions import layer_class

OWN_MODULES: dict[str, type[torch.nn.Module]] = {"ScaledDotProductAttention": ScaledDotProductAttention}
"""Layers without a module in torch.nn."""


def build_network(network: Network, device: str) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """The spec's module in eval mode (a Sequential if it is a chain) and inputs of zeros, on `device`.

    torch's random state and default device are not changed.
    """
    with torch.random.fork_rng(devices=[]), torch.device(device):
        module = build_module(network).eval()
        inputs = network.report().inputs
        return module, tuple(_zeros(tensor.shape, tensor.dtype) for tensor in inputs)


def build_module(network: Network) -> torch.nn.Module:
    """The spec's module in training mode, on torch's default device."""
    return _build_chain(network.chain, count())


class ChainModule(torch.nn.Module):
    """Calls in sequence, some of them with further inputs or branches."""

    def __init__(self, chain: Chain, input_numbers: Iterator[int]) -> None:
        super().__init__()
        self.input_numbers: dict[int, int] = {}
        for place, call in enumerate(chain):
            if isinstance(call, InputTensor):
                self.input_numbers[place] = next(input_numbers)
            else:
                self.add_module(str(place), _build_call(call, input_numbers))
        self.length = len(chain)

    def forward(self, tensor: torch.Tensor, *further: torch.Tensor) -> torch.Tensor:
        for place in range(self.length):
            if place in self.input_numbers:
                tensor = further[self.input_numbers[place]]
            else:
                module = getattr(self, str(place))
                tensor = module(tensor, *further) if isinstance(module, BranchModule) else module(tensor)
        return tensor


class BranchModule(torch.nn.Module):
    """A layer on the outputs of its branches, which share one input."""

    def __init__(self, call: LayerCall, input_numbers: Iterator[int]) -> None:
        super().__init__()
        self.branches = torch.nn.ModuleList(ChainModule(branch, input_numbers) for branch in call.branches)
        self.layer = _build_layer(call)

    def forward(self, tensor: torch.Tensor, *further: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.layer(*(branch(tensor, *further) for branch in self.branches))
        return output


class LayerModule(torch.nn.Module):
    """A layer's module, called with the layer's order of inputs and arguments; returns its first output."""

    def __init__(self, module: torch.nn.Module, layer: Layer, inputs: int) -> None:
        super().__init__()
        self.module = module
        self.order = layer.forward_inputs(inputs)
        self.arguments = layer.forward_arguments
        self.returns_tuple = layer.returns_tuple

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        output = self.module(*(tensors[place] for place in self.order), **self.arguments)
        first: torch.Tensor = output[0] if self.returns_tuple else output
        return first


class FunctionModule(torch.nn.Module):
    """A function of torch with its arguments."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.name = type(layer).__name__
        self.arguments: dict[str, Any] = layer.arguments()

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        match self.name:
            case "add" | "mul":
                return reduce(getattr(torch, self.name), tensors)
            case "concat":
                return torch.concat(tensors, **self.arguments)
            case "einsum":
                return torch.einsum(self.arguments["equation"], *tensors)
        output: torch.Tensor = getattr(torch, self.name)(*tensors, **self.arguments)
        return output


class JoinedInputs(torch.nn.Module):
    """Bilinear on its two inputs joined along the last dimension."""

    def __init__(self, bilinear: torch.nn.Bilinear) -> None:
        super().__init__()
        self.bilinear = bilinear

    def forward(self, joined: torch.Tensor) -> torch.Tensor:
        sizes = [self.bilinear.in1_features, self.bilinear.in2_features]
        output: torch.Tensor = self.bilinear(*torch.split(joined, sizes, dim=-1))
        return output


@contextmanager
def without_warnings() -> Iterator[None]:
    """Ignore warnings in the block, such as torch's on modules of designs, which the user did not write."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _build_chain(chain: Chain, input_numbers: Iterator[int]) -> torch.nn.Module:
    if all(isinstance(call, LayerCall) and not call.branches for call in chain):
        modules = (_build_layer(call) for call in chain if isinstance(call, LayerCall))
        return torch.nn.Sequential(*modules)
    return ChainModule(chain, input_numbers)


def _build_call(call: LayerCall, input_numbers: Iterator[int]) -> torch.nn.Module:
    return BranchModule(call, input_numbers) if call.branches else _build_layer(call)


def _build_layer(call: LayerCall) -> torch.nn.Module:
    layer, inputs = call.layer, max(len(call.branches), 1)
    if is_function(type(layer)):
        return FunctionModule(layer)
    arguments = layer.arguments()
    dtype = {"dtype": getattr(torch, call.dtype)} if call.dtype and layer.has_dtype else {}
    with without_warnings():
        module = module_class(type(layer).__name__, *arguments)(**arguments, **dtype)
    if isinstance(layer, Bilinear) and isinstance(module, torch.nn.Bilinear):
        return JoinedInputs(module)
    is_plain = not layer.returns_tuple and layer.forward_inputs(inputs) == tuple(range(inputs))
    return module if is_plain else LayerModule(module, layer, inputs)


def module_class(kind: str, *arguments: str) -> type[torch.nn.Module]:
    """The module class of a layer: torch.nn's, or our own if torch only has a function.

    Raises:
        UsageError: This version of torch lacks the layer or one of the arguments.
    """
    return OWN_MODULES.get(kind) or layer_class(kind, arguments)


def layer_modules(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The modules of the layers inside a module from `build_network`, in execution order."""
    match module:
        case BranchModule():
            for branch in module.branches:
                yield from layer_modules(branch)
            yield from layer_modules(module.layer)
        case torch.nn.Sequential() | ChainModule():
            for part in module.children():
                yield from layer_modules(part)
        case LayerModule():
            yield module.module
        case JoinedInputs():
            yield module.bilinear
        case _:
            yield module


def _zeros(shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    return torch.zeros(shape, dtype=getattr(torch, dtype) if dtype else torch.get_default_dtype())
