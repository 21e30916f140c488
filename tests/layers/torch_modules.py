"""The torch.nn module that a layer stands for, run on an input of a shape."""

import inspect
from typing import get_overloads

import torch
from torch.utils.flop_counter import FlopCounterMode

from convcost.layers.interface import Layer
from convcost.tracing.network_module import module_class


def torch_module(layer: Layer, device: str = "meta") -> torch.nn.Module:
    """The real module, in evaluation, on `device`."""
    with torch.device(device):
        return module_class(type(layer).__name__)(**layer.arguments()).eval()


def inputs(layer: Layer, shape: tuple[int, ...], device: str = "meta") -> tuple[torch.Tensor, ...]:
    """What the module's forward is called with; Bilinear's two are one shape here, joined at the end."""
    given = [
        torch.zeros(each, dtype=getattr(torch, layer.input_dtype(number) or "float32"), device=device)
        for number, each in enumerate((shape, *layer.further_inputs))
    ]
    if type(layer).__name__ == "Bilinear":
        return given[0].split((layer.in1_features, layer.in2_features), dim=-1)
    return tuple(given[place] for place in layer.forward_inputs(len(given)))


@torch.no_grad()
def forward(layer: Layer, shape: tuple[int, ...], device: str = "meta") -> torch.Tensor:
    """The output, without what some layers return beside it."""
    result = torch_module(layer, device)(*inputs(layer, shape, device), **layer.forward_arguments)
    return result[0] if isinstance(result, tuple) else result


@torch.no_grad()
def counted_flops(layer: Layer, shape: tuple[int, ...]) -> int:
    """What FlopCounterMode says of one forward on the meta device."""
    module, given = torch_module(layer), inputs(layer, shape)
    with FlopCounterMode(display=False) as counter:
        module(*given, **layer.forward_arguments)
    return counter.get_total_flops()


def signature(kind: str) -> dict[str, inspect.Parameter]:
    """The constructor's arguments; those that its overload declares, where it takes any."""
    constructor = module_class(kind).__init__
    declared = next(iter(get_overloads(constructor)), constructor)
    return dict(inspect.signature(declared).parameters)
