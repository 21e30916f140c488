"""Torch's operators on functions, flex_attention or while_loop: counted as the operators they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def written_out(operator: Any) -> Callable[..., Any] | None:
    """How torch computes `operator` by others where it does not compile it; None for a usual operator."""
    import torch

    if not isinstance(operator, torch._ops.HigherOrderOperator):
        return None
    kernel: Callable[..., Any] = operator.py_kernels[torch._C.DispatchKey.CompositeExplicitAutograd]
    return kernel
