"""What torch really keeps of a forward: every memory that autograd saves a tensor in, once."""

from typing import NamedTuple

import torch

from convcost.layers.interface import Layer


class Saved(NamedTuple):
    """Whether the input and the output are kept, the bytes beside them, and if both are one memory."""

    input: bool
    output: bool
    bytes: int
    shares: bool


def saved(layer: Layer, shape: tuple[int, ...], device: str = "cpu") -> Saved:
    """Of the real module in training, on an input that needs a gradient as inside a network."""
    with torch.device(device):
        module = getattr(torch.nn, type(layer).__name__)(**layer.arguments()).train()
        given = _inside(layer, shape)
    own = {number(tensor) for tensor in (*module.parameters(), *module.buffers())}
    found: dict[int, torch.Tensor] = {}

    def pack(tensor):
        found[number(tensor)] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = module(*_arguments(layer, given))
    output = result[0] if isinstance(result, tuple) else result
    ends = number(given), number(output)
    others = [tensor for key, tensor in found.items() if key not in own and key not in ends]
    held = sum(tensor.untyped_storage().nbytes() for tensor in others)
    return Saved(ends[0] in found, ends[1] in found, held, ends[0] == ends[1])


def _inside(layer, shape):
    if type(layer).__name__ == "Embedding":
        return torch.zeros(shape, dtype=torch.long)
    return torch.rand(shape).requires_grad_() * 1


def _arguments(layer, given):
    if type(layer).__name__ == "Bilinear":
        return given.split((layer.in1_features, layer.in2_features), dim=-1)
    return (given,)


def number(tensor: torch.Tensor) -> int:
    """Torch's number for the memory that `tensor` is in."""
    return tensor.untyped_storage()._cdata
