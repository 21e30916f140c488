"""The memory of a spec, measured on its torch module without data."""

from __future__ import annotations

from typing import Any

import torch

from convcost.core.trace import MemoryUse
from convcost.layers.network import Network
from convcost.tracing.memory_profile import memory_footprint
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.network_module import build_network, without_warnings


def network_footprint(network: Network, dtype: str = "") -> MemoryUse:
    """The memory of `network` as a part of a larger module, so that its inputs have gradients.

    Floating-point tensors are in `dtype` if that is given.
    """
    module, inputs = build_network(network, "meta")
    given = tuple(tensor.requires_grad_(tensor.is_floating_point()) for tensor in inputs)
    with without_warnings():
        return memory_footprint(ModuleCall(_InnerNetwork(module).eval(), given, {}), dtype=dtype)


class _InnerNetwork(torch.nn.Module):
    """A module as a part of a larger one: its inputs are results of other layers."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.module(*map(_as_intermediate, inputs))


def _as_intermediate(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` as the result of an operation, which gets its gradient."""
    result: Any = _Identity.apply(tensor) if tensor.requires_grad else tensor  # type: ignore[no-untyped-call]
    intermediate: torch.Tensor = result
    return intermediate


class _Identity(torch.autograd.Function):
    """Stands for the layer before: it receives the gradient of an input, and drops it."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    @staticmethod
    def backward(ctx: Any, *_: Any) -> None:
        return None
