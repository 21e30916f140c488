"""The state of torch.distributed in this process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch

from convcost.tracing.isolation.object_state import preserved_attributes


def has_process_group() -> bool:
    """Whether torch.distributed is initialized, so that this process is a rank."""
    return torch.distributed.is_available() and torch.distributed.is_initialized()


@contextmanager
def preserved_distributed_state() -> Iterator[None]:
    """Restore the state of DTensor and device meshes after the block: random states, current mesh, caches."""
    tensor: Any = sys.modules.get("torch.distributed.tensor")
    mesh: Any = sys.modules.get("torch.distributed.device_mesh")
    with ExitStack() as stack:
        resources = getattr(mesh, "_mesh_resources", None)
        if resources is not None:
            stack.enter_context(preserved_attributes((resources,)))
        if tensor is not None:
            stack.enter_context(preserved_attributes((tensor._random,)))
            propagator = tensor.DTensor._op_dispatcher.sharding_propagator
            cache = propagator.propagate_op_sharding
            fresh = type(cache)(propagator.propagate_op_sharding_non_cached)
            stack.enter_context(patch.object(propagator, "propagate_op_sharding", fresh))
        yield
