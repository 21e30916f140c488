"""Tensors that require grad in a run without gradients: computing one of their gradients raises an error.

The model is then run with gradients. Without this, a part of the model's own backward would not be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from convcost.tracing.recording.data_access import GradientsNeededError
from convcost.tracing.tensors import flat_tensors


class UnrecordedGradient(torch.autograd.Function):
    """Makes a tensor with a gradient by others."""

    @staticmethod
    def forward(_: Any, make: Callable[[], torch.Tensor], *__: torch.Tensor) -> torch.Tensor:
        """A new tensor."""
        return make()

    @staticmethod
    def backward(*_: Any) -> Any:
        """Raise GradientsNeededError."""
        raise GradientsNeededError("the model asks for a gradient")


_apply: Callable[..., Any] = UnrecordedGradient.apply


def with_unrecorded_gradient(make: Callable[[], torch.Tensor], given: Iterable[Any]) -> Any:
    """The tensor from `make`, with a gradient by the tensors in `given` that require grad."""
    if not torch.is_grad_enabled():
        return make()
    sources = [tensor for tensor in flat_tensors(given) if tensor.requires_grad]
    return _apply(make, *sources) if sources else make()
