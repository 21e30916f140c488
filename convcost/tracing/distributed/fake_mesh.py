"""A device mesh without devices, on torch's fake process group. This process is rank 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch

from convcost.core.distributed import MeshDimension, count_ranks
from convcost.core.errors import UsageError
from convcost.tracing.isolation.distributed_state import has_process_group, preserved_distributed_state
from convcost.tracing.torch_versions import check_torch_has_meshes


@contextmanager
def fake_mesh(dimensions: Sequence[MeshDimension]) -> Iterator[Any]:
    """A mesh of CPUs that starts no process and sends nothing. Its process group exists only in the block.

    DTensor uses the collectives of GPUs: on CPUs it would use all_gather in place of all_to_all.

    Raises:
        UsageError: A process group exists already, or torch has no distributed package.
    """
    if not torch.distributed.is_available():
        raise UsageError("a mesh needs torch.distributed, which this build of torch lacks")
    check_torch_has_meshes()
    if has_process_group():
        hint = "Parallelise the module on it, and count that: convcost.profile(module, x)."
        raise UsageError("a process group already exists, and a mesh needs its own", hint=hint)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import placement_types
    from torch.testing._internal.distributed.fake_pg import FakeStore

    sizes, names = tuple(size for _, size in dimensions), tuple(name for name, _ in dimensions)
    all_to_all = patch.object(placement_types, "shard_dim_alltoall", _all_to_all)
    with preserved_distributed_state(), all_to_all:
        torch.distributed.init_process_group(
            "fake", store=FakeStore(), rank=0, world_size=count_ranks(dimensions)
        )
        try:
            yield init_device_mesh("cpu", sizes, mesh_dim_names=names)
        finally:
            if has_process_group():
                torch.distributed.destroy_process_group()
            forget_operators = getattr(torch._C, "_clear_DTensor_sharding_propagator_cache", None)
            if forget_operators is not None:
                forget_operators()


def _all_to_all(tensor: Any, gather_dim: int, shard_dim: int, mesh: Any, mesh_dim: int) -> Any:
    """Change the sharded dimension of a tensor by an all_to_all over one dimension of the mesh."""
    group = mesh.get_group(mesh_dim).group_name
    return torch.ops._dtensor.shard_dim_alltoall(tensor, gather_dim, shard_dim, group)
