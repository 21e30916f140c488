"""Backward as from a loss, which itself takes no memory."""

from __future__ import annotations

from functools import cache
from typing import Any

from convcost.tracing.empty_tensors import of_shape
from convcost.tracing.tensors import tensors


def go_back_from_loss(output: Any) -> None:
    """Backward from every output that has a gradient, which is made as it begins, and held by nobody."""
    ends = [tensor for tensor in tensors(output) if tensor.requires_grad]
    if ends:
        loss = _loss().apply(*ends)
        loss.backward(of_shape((), loss.dtype))


@cache
def _loss() -> Any:
    import torch

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *ends: torch.Tensor) -> Any:
            ctx.ends = [(end.shape, end.dtype, end.device) for end in ends]
            return of_shape((), ends[0].dtype)

        @staticmethod
        def backward(ctx: Any, *_: Any) -> Any:
            return tuple(torch.empty(shape, dtype=dtype, device=device) for shape, dtype, device in ctx.ends)

    return Loss
