"""The memory that a design holds: measured on its torch module, on shapes alone."""

from __future__ import annotations

from typing import Any

import torch

from convcost.core.trace import MemoryUse
from convcost.layers.network import Network
from convcost.tracing.memory_profile import memory_footprint
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.network_module import build_network


def network_footprint(network: Network, dtype: str = "") -> MemoryUse:
    """What the module of `network` holds as part of a larger one: its inputs have gradients.

    In `dtype` if that is given.
    """
    module, inputs = build_network(network, "meta")
    given = tuple(tensor.requires_grad_(tensor.is_floating_point()) for tensor in inputs)
    return memory_footprint(ModuleCall(_InnerNetwork(module).eval(), given, {}), dtype=dtype)


class _InnerNetwork(torch.nn.Module):
    """A module as it is within another one."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.module(*map(_computed, inputs))


def _computed(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` as if something had computed it, to be told its gradient."""
    result: Any = _Computation.apply(tensor) if tensor.requires_grad else tensor  # type: ignore[no-untyped-call]
    computed: torch.Tensor = result
    return computed


class _Computation(torch.autograd.Function):
    """What computes an input: its gradient is in use until all before it are done."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    @staticmethod
    def backward(ctx: Any, *_: Any) -> None:
        return None
