"""Replacements of functions that take the memory of their kernels, also where a mode intercepts operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.nn import functional

KernelResult = tuple["torch.Tensor", tuple["torch.Tensor", ...]]
"""The output of a kernel, and the tensors that it saves in addition to its operands."""


@contextmanager
def memory_kernels(has_data: bool) -> Iterator[None]:
    """In the block, functions take the memory of their kernels.

    Linear adds its bias in place. On tensors without data, attention, dropout and RMSNorm are single
    operators, which save the same tensors for the backward as fused CUDA kernels.
    """
    replaced: dict[str, Any] = {"linear": partial(_linear, functional.linear)}
    if not has_data:
        replaced["dropout"] = partial(_dropout, functional.dropout)
        replaced["rms_norm"] = _rms_norm
        replaced["scaled_dot_product_attention"] = _attention
    originals = {name: getattr(functional, name) for name in replaced}
    vars(functional).update(replaced)
    try:
        yield
    finally:
        vars(functional).update(originals)


def _linear(
    original: Callable[..., torch.Tensor],
    input: torch.Tensor,  # noqa: A002
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """torch adds a bias in place to more than two dimensions, but out of place where a mode is active."""
    is_plain = all(type(each) in (torch.Tensor, torch.nn.Parameter) for each in (input, weight, bias))
    if not is_plain or bias is None or input.ndim < 3:
        return original(input, weight, bias)
    return original(input, weight).add_(bias)


def _attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attn_mask: Any = None, *_: Any, **__: Any
) -> torch.Tensor:
    """Flash attention saves the operands, the output, and a log-sum-exp for each row in float32."""

    def make(query: torch.Tensor, _: torch.Tensor, value: torch.Tensor, *__: Any) -> KernelResult:
        *batch, positions = query.shape[:-1]
        heads = batch.pop() if batch else 1
        strided = query.new_empty((*batch, positions, heads, value.shape[-1])).transpose(-2, -3)
        output = strided if query.ndim > 2 else strided.squeeze(-3)
        return output, (output, torch.empty(query.shape[:-1], dtype=torch.float32, device=query.device))

    return _run_kernel(make, True, query, key, value, attn_mask)


def _dropout(
    original: Callable[..., torch.Tensor],
    input: torch.Tensor,  # noqa: A002
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> torch.Tensor:
    """Dropout saves a mask of one byte for each element."""
    if inplace or not training or not 0 < p < 1:
        return original(input, p, training, inplace)

    def make(input: torch.Tensor) -> KernelResult:  # noqa: A002
        return torch.empty_like(input), (torch.empty_like(input, dtype=torch.bool),)

    return _run_kernel(make, False, input)


def _rms_norm(
    input: torch.Tensor,  # noqa: A002
    normalized_shape: list[int],
    weight: torch.Tensor | None = None,
    eps: float | None = None,
) -> torch.Tensor:
    """RMSNorm saves the operands, and the reciprocal root mean square of each row in float32."""

    def make(input: torch.Tensor, _: Any) -> KernelResult:  # noqa: A002
        shape = input.shape[: input.ndim - len(normalized_shape)]
        return torch.empty_like(input), (torch.empty(shape, dtype=torch.float32, device=input.device),)

    return _run_kernel(make, True, input, weight)


def _run_kernel(make: Any, saves_operands: bool, *operands: Any) -> torch.Tensor:
    output: torch.Tensor = FusedKernel.apply(make, saves_operands, *operands)  # type: ignore[no-untyped-call]
    return output


class FusedKernel(torch.autograd.Function):
    """An autograd node that saves what the kernel saves: maybe its operands, and the tensors of `make`."""

    @staticmethod
    def forward(ctx: Any, make: Any, saves_operands: bool, *operands: Any) -> Any:
        output, saved = make(*operands)
        ctx.save_for_backward(*(operands if saves_operands else ()), *saved)
        ctx.shapes = [operand if operand is None else (operand.shape, operand.dtype) for operand in operands]
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        device = gradients[0].device
        made = (
            torch.empty(shape[0], dtype=shape[1], device=device) if is_needed else None
            for shape, is_needed in zip(ctx.shapes, ctx.needs_input_grad[2:], strict=True)
        )
        return None, None, *made
