"""Tensors that have a gradient in a run that does not tell gradients: who asks for one gets an error.

The model is then run with gradients. Without it, the part of a backward that is behind them would go unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from convcost.tracing.recording.data_access import GradientsNeededError
from convcost.tracing.tensors import flat_tensors


class UnrecordedGradient(torch.autograd.Function):
    """Makes a tensor that has a gradient by others."""

    @staticmethod
    def forward(_: Any, make: Callable[[], torch.Tensor], *__: torch.Tensor) -> torch.Tensor:
        """A new tensor."""
        return make()

    @staticmethod
    def backward(*_: Any) -> Any:
        """It takes a run with gradients."""
        raise GradientsNeededError("the model asks for a gradient")


_apply: Callable[..., Any] = UnrecordedGradient.apply


def with_unrecorded_gradient(make: Callable[[], torch.Tensor], given: Iterable[Any]) -> Any:
    """What `make` returns, with a gradient by those tensors among `given` that have one."""
    if not torch.is_grad_enabled():
        return make()
    sources = [tensor for tensor in flat_tensors(given) if tensor.requires_grad]
    return _apply(make, *sources) if sources else make()
